// What the live socket says (docs/wire.md, "Live"), as types. Never: a rule, a default, anything made up.
import type { components } from './doors'

type Shapes = components['schemas']

export type Standing = Shapes['Trainee']['standing']
export type Totals = Shapes['Trainee']
export type Finding = Shapes['FindingTold']
export type Verdict = Shapes['PeriodTold']['verdict']
export type Reason = NonNullable<Shapes['PeriodTold']['reason']>
export type Overview = Shapes['Overview']
export type PeriodOn = Shapes['PeriodOn']
export type PeriodRunning = Shapes['PeriodRunning']
export type QuietSource = Shapes['QuietSource']
export type Kind = PeriodOn['kind']

/** Whom a word still helps; hours/attention.py says what each is. */
export type Attention = 'danger' | 'lost' | 'tight' | 'quiet' | 'calm' | 'full'

/** The categories of RULES sections 4 and 5; the last two only in strips: time to come, a period that is not theirs. */
export type Category =
  | 'valid'
  | 'awaiting'
  | 'camera_off'
  | 'no_evidence'
  | 'not_in_room'
  | 'open'
  | 'late'
  | 'no_sign_in'
  | 'left_early'
  | 'overlap'
  | 'ahead'
  | 'not_enrolled'
export type Doing =
  | 'camera_on'
  | 'camera_off'
  | 'no_evidence'
  | 'not_in_room'
  | 'signed_in'
  | 'signed_out'
  | 'not_signed_in'

/** A person in a period that runs. Times are RFC 3339. */
export interface NowRow {
  id: string
  person: string
  role: 'trainee' | 'teacher'
  session: string
  index: number
  state: Doing
  since: string
  until: string
  milliseconds: Partial<Record<Category, number>>
  /** [category, from, to] in milliseconds from the start of the period, up to `at`. */
  spans: [Category, number, number][]
  at: string
  running: Category
  verdict?: 'live' | 'not_countable'
  attention?: Attention
  needed_ms?: number
  margin_ms?: number
  can_still?: boolean
  lost_at?: string | null
}

export interface Named {
  id: string
  role: 'trainee' | 'teacher'
  name: string | null
}

export interface LiveState {
  as_of: string
  cohort: string
  position: string
  head: string
  version: string
  timezone: string
  policy: { id: string; digest: string }
  planned: { hours: number; seminar: number }
  rate: string | null
  demo?: boolean
  people: Totals[]
  findings: Finding[]
  roster: Named[]
  running: PeriodRunning[]
  next: PeriodOn | null
  quiet: QuietSource[]
  now: NowRow[]
}

export interface Change {
  type: 'change'
  position: string
  values?: Record<string, unknown>
  gone?: string[]
  rows?: Record<string, Record<string, unknown>>
  lists?: Record<string, [number, number, unknown[]]>
}

export type Message =
  | { type: 'snapshot'; position: string; state: LiveState }
  | { type: 'resumed'; position: string }
  | Change
  | { type: 'refetch' }
  | { type: 'auth_required' }
  | { type: 'auth_ok' }
  | { type: 'problem'; reason: string; status?: number; title?: string; detail?: string }
