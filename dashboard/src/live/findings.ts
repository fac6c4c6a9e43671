// What somebody should look at, a page at a time. In: a cohort, a code, a person. Out: addresses to ask, and findings
// in the order they came, under their codes. Never: a finding, a count or a word of its own.
import type { components } from './doors'

type Shapes = components['schemas']
export type Findings = Shapes['FindingsTold']
export type FindingNamed = Shapes['FindingNamed']
export type CodeTold = Shapes['CodeTold']

export interface Filter {
  code?: string
  person?: string
}

const PAGE = '100'

/** The address of the first page, or of that after a cursor. */
export function findingsAddress(cohort: string, filter: Filter, cursor?: string): string {
  const query = new URLSearchParams({ limit: PAGE })
  if (filter.code) query.set('code', filter.code)
  if (filter.person) query.set('person', filter.person)
  if (cursor) query.set('cursor', cursor)
  return `/v1/cohorts/${encodeURIComponent(cohort)}/findings?${query}`
}

/** What stands in the page's own address. */
export function filterOf(query: Record<string, unknown>): Filter {
  const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
  return { code: text(query.code), person: text(query.person) }
}

export interface Section {
  code: string
  /** What the code means; missing where a code went while pages were asked for. */
  told: CodeTold | undefined
  findings: FindingNamed[]
}

/** Findings under their codes, each code once, in the order in which they came. */
export function sections(findings: readonly FindingNamed[], codes: readonly CodeTold[]): Section[] {
  const found = new Map<string, Section>()
  for (const one of findings) {
    const section = found.get(one.code) ?? { code: one.code, told: codes.find((told) => told.code === one.code), findings: [] }
    section.findings.push(one)
    found.set(one.code, section)
  }
  return [...found.values()]
}

/** The period of a finding, as the page of a person names it: "s01/2"; null where it is of none. */
export function periodOf(finding: FindingNamed): string | null {
  return finding.session !== undefined && finding.index !== undefined ? `${finding.session}/${finding.index}` : null
}
