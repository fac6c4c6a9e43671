// Where the columns of the heat map stand. In: periods in order, the width of a cell and the gap between two days.
// Out: columns and days with their place from the left, in CSS pixels. Never: a verdict.
import type { ProgressPeriod } from '@/live/facts'

/** What a letter of `cells` looks like and says. */
export interface Said {
  look: string
  letter: string
  words: string
}

export const NOTHING: Said = { look: '', letter: '', words: '' }

export interface Column {
  /** From 0, in the order of the periods: the letter of `cells` that is its. */
  at: number
  period: ProgressPeriod
  x: number
  /** The how-manieth period of its day, from 1. */
  hour: number
  /** The rest of the address of its proof, after the person's. */
  to: string
  /** What a cell's own words begin with. */
  label: string
}

export interface DayColumns {
  date: string
  x: number
  width: number
  columns: Column[]
}

export interface LaidOut {
  columns: Column[]
  days: DayColumns[]
  width: number
}

export function laidOut(
  periods: readonly ProgressPeriod[],
  cell: number,
  gap: number,
  label: (period: ProgressPeriod, hour: number) => string,
): LaidOut {
  const columns: Column[] = []
  const days: DayColumns[] = []
  let x = 0
  periods.forEach((period, at) => {
    let day = days[days.length - 1]
    if (day?.date !== period.date) {
      if (day) x += gap
      days.push((day = { date: period.date, x, width: 0, columns: [] }))
    }
    const hour = day.columns.length + 1
    const to = `?period=${encodeURIComponent(period.session)}/${period.index}`
    const column = { at, period, x, hour, to, label: label(period, hour) }
    columns.push(column)
    day.columns.push(column)
    day.width += cell
    x += cell
  })
  return { columns, days, width: x }
}

/** The days of which something lies between two places. */
export function seen(days: readonly DayColumns[], from: number, to: number): [first: number, last: number] {
  let first = days.findIndex((day) => day.x + day.width > from)
  if (first < 0) first = Math.max(0, days.length - 1)
  let last = first
  while (last + 1 < days.length && (days[last + 1]?.x ?? Infinity) < to) last++
  return [first, last]
}

/** Rows [first, last) of which something can be seen, and a few around them. */
export function rowsSeen(top: number, height: number, row: number, count: number, around: number): [first: number, end: number] {
  const first = Math.max(0, Math.floor(top / row) - around)
  return [Math.min(first, count), Math.min(count, Math.ceil((top + height) / row) + around)]
}
