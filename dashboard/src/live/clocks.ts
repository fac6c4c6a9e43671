// The clocks of a row of the board at an instant. The service says what holds until something happens: sums up to
// `at`, and what runs from then on (docs/wire.md). This draws that on; it judges nothing.
import type { Category, NowRow, PeriodOn } from './state'

export interface Clocks {
  /** Valid time in this period. */
  valid: number
  /** Valid time that is missing to make the hour. */
  needed: number
  /** What is left of the period. */
  left: number
  /** How much may still be missed. */
  spare: number
  /** For how long it has been so. */
  lasts: number
}

/** All in milliseconds, none below zero. `now` is the service's clock. */
export function clocks(row: NowRow, now: number): Clocks {
  const [at, until] = [Date.parse(row.at), Date.parse(row.until)]
  const runs = Math.max(0, Math.min(now, until) - at)
  const proven = row.running === 'valid' ? runs : 0
  const lost = row.lost_at ? Date.parse(row.lost_at) - 1 - now : (row.margin_ms ?? 0)
  return {
    valid: (row.milliseconds.valid ?? 0) + proven,
    needed: Math.max(0, (row.needed_ms ?? 0) - proven),
    left: Math.max(0, until - now),
    spare: Math.max(0, lost),
    lasts: Math.max(0, now - Date.parse(row.since)),
  }
}

export interface Span {
  category: Category
  from: number
  to: number
}

/** The seconds of the period up to `now`, as the row has them and as they run on. */
export function spansOf(row: NowRow, period: Pick<PeriodOn, 'start'>, now: number): Span[] {
  const start = Date.parse(period.start)
  const spans = row.spans.map(([category, from, to]) => ({ category, from, to }))
  const [at, until] = [Date.parse(row.at) - start, Math.min(now, Date.parse(row.until)) - start]
  if (until > at) spans.push({ category: row.running, from: at, to: until })
  return spans
}
