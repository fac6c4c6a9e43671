// What the doors of progress, of one person's days and of the policy say, as types: the service's own shapes, with
// tuples and closed words where JSON Schema has none. Never: a rule, a default.
import type { components } from './doors'
import type { Category, Reason, Standing, Verdict } from './state'

type Shapes = components['schemas']
type With<Shape, Narrowed> = Omit<Shape, keyof Narrowed> & Narrowed

export type Text = Shapes['TextTold']
export type Clause = Shapes['ClauseTold']
export type Word = Shapes['WordTold']
type Groups = 'verdicts' | 'reasons' | 'categories' | 'standings' | 'findings' | 'kinds' | 'modes'
export type Policy = With<Shapes['PolicyTold'], { words: Record<Groups, Record<string, Word>> }>

export type ProgressPeriod = Shapes['Column']
/** `cells` has one letter a period, in the order of the periods. */
export type ProgressPerson = Shapes['Row']
export type ProgressDay = Shapes['ClassDayTold']
export type Progress = With<
  Shapes['ProgressTold'],
  { codes: Record<string, [Verdict, Reason | null]>; standings: Record<Standing, number> }
>
export type Closing = Shapes['Closing']
export type Shortfall = Shapes['Shortfall']
export type Shortfalls = Shapes['Shortfalls']

export type Piece = [from: string, to: string, category: Category]
export type DeviceTold = With<Shapes['DeviceTold'], { strip: Piece[] }>
export type DayPeriod = With<
  Shapes['DayPeriod'],
  { strip: Piece[]; connections: DeviceTold[]; milliseconds: Partial<Record<Category, number>> }
>
export type DayTold = With<Shapes['DayTold'], { periods: DayPeriod[] }>
export type PersonDays = With<Shapes['DaysTold'], { days: DayTold[] }>
export type Needs = Shapes['Needs']

/** CloudEvents 1.0, as it was delivered. */
export interface CloudEvent {
  id: string
  source: string
  type: string
  time: string
  receivedtime?: string
  data?: Record<string, unknown>
}
export type ProofTold = With<Shapes['Proof'], { event: CloudEvent }>
