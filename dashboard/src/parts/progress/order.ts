// Whom to show, and in which order. In: trainees as the service tells them, what is looked for. Out: the same
// trainees, fewer or in another order. Never: decides where somebody stands.
import type { ProgressPerson } from '@/live/facts'
import type { Standing } from '@/live/state'

export type Order = 'need' | 'hours' | 'name' | 'id'
export const ORDERS: readonly Order[] = ['need', 'hours', 'name', 'id']

/** Who needs it most first. */
export const STANDINGS: readonly Standing[] = ['unrecoverable', 'short', 'at_risk', 'on_track', 'met']

type Compare = (a: ProgressPerson, b: ProgressPerson) => number

const byId: Compare = (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
const COMPARE: Record<Order, Compare> = {
  id: byId,
  name: (a, b) => (a.name ?? a.id).localeCompare(b.name ?? b.id, 'zh'),
  hours: (a, b) => a.credited - b.credited,
  need: (a, b) =>
    STANDINGS.indexOf(a.standing) - STANDINGS.indexOf(b.standing) ||
    Math.min(a.spare ?? 0, a.spare_seminar ?? 0) - Math.min(b.spare ?? 0, b.spare_seminar ?? 0) ||
    a.possible - b.possible ||
    a.credited - b.credited,
}

export function chosen(people: readonly ProgressPerson[], standing: Standing | null, find: string, order: Order): ProgressPerson[] {
  const sought = find.trim().toLocaleLowerCase()
  return people
    .filter((one) => standing === null || one.standing === standing)
    .filter((one) => sought === '' || `${one.name ?? ''} ${one.id}`.toLocaleLowerCase().includes(sought))
    .sort((a, b) => COMPARE[order](a, b) || byId(a, b))
}
