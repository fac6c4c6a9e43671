// All rows of a door that answers a page at a time. In: a path, what its rows are called. Out: the rows in the order
// they came. Never: more than it was asked for; a row twice.
import { ask } from './ask'

/** A page that leads back to itself would never end. */
const MOST_PAGES = 200

export async function everyPage<Row>(path: string, rows: string, signal?: AbortSignal): Promise<Row[]> {
  const found: Row[] = []
  let cursor: string | null = null
  for (let page = 0; page < MOST_PAGES; page++) {
    const query = new URLSearchParams({ limit: '200', ...(cursor === null ? {} : { cursor }) })
    const told: Record<string, unknown> = await ask('GET', `${path}?${query}`, undefined, signal)
    found.push(...(told[rows] as Row[]))
    cursor = told.next as string | null
    if (cursor === null) break
  }
  return found
}
