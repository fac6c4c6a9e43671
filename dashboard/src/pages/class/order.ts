// In which order trainees are shown, and which of them: by the service's word, never by a limit of our own.
import type { Attention, NowRow } from '@/live/state'

export type Sort = 'attention' | 'name' | 'valid'
export const SORTS: readonly Sort[] = ['attention', 'name', 'valid']

/** Those whom a word still helps first; those of whom nothing is known before those who are fine. */
export const ATTENTIONS: readonly Attention[] = ['danger', 'lost', 'tight', 'quiet', 'calm', 'full']

const rank = (row: NowRow): number => (row.attention ? ATTENTIONS.indexOf(row.attention) : ATTENTIONS.length)
/** RFC 3339 in UTC sorts as text; who is not losing the hour comes last. */
const lostAt = (row: NowRow): string => row.lost_at ?? '~'

const collator = new Intl.Collator('zh')

/** The place of each person by name, made once for a class: comparing names is dear, and they seldom change. */
export function byName(people: readonly string[], nameOf: (person: string) => string): ReadonlyMap<string, number> {
  const sorted = people.map((person) => [person, nameOf(person)] as const)
  sorted.sort((a, b) => collator.compare(a[1], b[1]) || (a[0] < b[0] ? -1 : 1))
  return new Map(sorted.map(([person], place) => [person, place]))
}

/** A new list in that order. The clock changes nothing in it, so that no tile jumps while time passes. */
export function ordered(rows: readonly NowRow[], sort: Sort, places: ReadonlyMap<string, number>): NowRow[] {
  const place = (row: NowRow): number => places.get(row.person) ?? places.size
  const name = (a: NowRow, b: NowRow): number => place(a) - place(b)
  const valid = (row: NowRow): number => row.milliseconds.valid ?? 0
  const by: Record<Sort, (a: NowRow, b: NowRow) => number> = {
    attention: (a, b) =>
      rank(a) - rank(b) ||
      compare(lostAt(a), lostAt(b)) ||
      compare(a.margin_ms ?? Infinity, b.margin_ms ?? Infinity) ||
      name(a, b),
    name,
    valid: (a, b) => Number(a.running === 'valid') - Number(b.running === 'valid') || valid(a) - valid(b) || name(a, b),
  }
  return [...rows].sort(by[sort])
}

function compare<T extends number | string>(a: T, b: T): number {
  return a === b ? 0 : a < b ? -1 : 1
}
