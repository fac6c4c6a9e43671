// What changed lately in the periods that run: the latest edges of everybody's seconds, newest first.
//
// In: rows as the service tells them. Out: who began what, when. Never: an edge that the service did not tell.
import type { Category, NowRow, PeriodOn } from './state'

export interface Edge {
  /** Who and when, for a list's key. */
  id: string
  /** Milliseconds since 1970. */
  at: number
  row: NowRow
  before: Category | null
  after: Category
}

/** The latest `most` edges of these rows; `periods` says when each row's period starts. */
export function recent(rows: readonly NowRow[], periods: readonly Pick<PeriodOn, 'id' | 'start'>[], most: number): Edge[] {
  const starts = new Map(periods.map((period) => [period.id, Date.parse(period.start)]))
  const edges: Edge[] = []
  for (const row of rows) {
    const start = starts.get(`${row.session}/${row.index}`)
    if (start === undefined) continue
    const began: [Category, number][] = row.spans.map(([category, from]) => [category, start + from])
    began.push([row.running, Date.parse(row.at)])
    began.forEach(([after, at], place) => {
      // A platform gone quiet is told once, above, not as a change of everybody.
      if (row.attention === 'quiet' && after === 'no_evidence' && place === began.length - 1) return
      const before = began[place - 1]?.[0] ?? null
      if (at <= start) {
        // What holds from the first second is no change, but a sign-in has its own instant.
        if (row.state !== 'signed_in') return
        at = Date.parse(row.since)
      }
      edges.push({ id: `${row.id} ${at}`, at, row, before, after })
    })
  }
  return edges.sort((a, b) => b.at - a.at || (a.id < b.id ? -1 : 1)).slice(0, most)
}
