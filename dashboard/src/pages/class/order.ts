// In which order trainees are shown, and which of them: by the service's word, never by a limit of our own.
import type { Attention, NowRow } from '@/live/state'

export type Sort = 'attention' | 'name' | 'valid'
export const SORTS: readonly Sort[] = ['attention', 'name', 'valid']

/** Those whom a word still helps first; those of whom nothing is known before those who are fine. */
export const ATTENTIONS: readonly Attention[] = ['danger', 'lost', 'tight', 'quiet', 'calm', 'full']

const rank = (row: NowRow): number => (row.attention ? ATTENTIONS.indexOf(row.attention) : ATTENTIONS.length)
const instant = (at: string | null | undefined): number => (at ? Date.parse(at) : Infinity)

/** A new list in that order. The clock changes nothing in it, so that no tile jumps while time passes. */
export function ordered(rows: readonly NowRow[], sort: Sort, name: (row: NowRow) => string): NowRow[] {
  const byName = (a: NowRow, b: NowRow): number => name(a).localeCompare(name(b), 'zh') || (a.person < b.person ? -1 : 1)
  const valid = (row: NowRow): number => row.milliseconds.valid ?? 0
  const by: Record<Sort, (a: NowRow, b: NowRow) => number> = {
    attention: (a, b) =>
      rank(a) - rank(b) ||
      compare(instant(a.lost_at), instant(b.lost_at)) ||
      compare(a.margin_ms ?? Infinity, b.margin_ms ?? Infinity) ||
      byName(a, b),
    name: byName,
    valid: (a, b) => Number(a.running === 'valid') - Number(b.running === 'valid') || valid(a) - valid(b) || byName(a, b),
  }
  return [...rows].sort(by[sort])
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1
}
