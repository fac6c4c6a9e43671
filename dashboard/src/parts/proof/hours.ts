// One person's hours as a page walks through them. In: days as the service tells them. Out: the same hours with their
// place, strips as spans of milliseconds. Never: judges, adds up.
import type { Span } from '@/live/clocks'
import type { DayPeriod, DayTold, PersonDays, Piece } from '@/live/facts'

export interface Hour {
  period: DayPeriod
  day: DayTold
  /** The how-manieth of its day, from 1. */
  number: number
  /** As addresses and the door of events name it: "s01/0". */
  key: string
}

export function keyOf(period: Pick<DayPeriod, 'session' | 'index'>): string {
  return `${period.session}/${period.index}`
}

export function hoursOf(day: DayTold): Hour[] {
  return day.periods.map((period, i) => ({ period, day, number: i + 1, key: keyOf(period) }))
}

export function find(told: PersonDays, key: string): Hour | null {
  for (const day of told.days) {
    const found = hoursOf(day).find((hour) => hour.key === key)
    if (found) return found
  }
  return null
}

/** Those that ended and did not count, or wait for a person to decide. */
export function notCounted(told: PersonDays): Hour[] {
  return told.days.flatMap(hoursOf).filter(({ period }) => period.verdict === 'refused' || period.verdict === 'pending')
}

/** A strip in milliseconds from the period's start, as SecondsStrip draws it. */
export function spans(strip: readonly Piece[], start: string): Span[] {
  const zero = Date.parse(start)
  return strip.map(([from, to, category]) => ({ category, from: Date.parse(from) - zero, to: Date.parse(to) - zero }))
}

/** The piece of a strip in which an instant lies; null outside of it. */
export function pieceAt(strip: readonly Piece[], at: string): Piece | null {
  const moment = Date.parse(at)
  return strip.find(([from, to]) => Date.parse(from) <= moment && moment < Date.parse(to)) ?? null
}

type HalfDay = DayPeriod['slot']['half_day']

/** The half-days that there are, each with the most hours that a day has in it, so that hours stand under one another. */
export function halfDays(days: readonly DayTold[]): [half: HalfDay, most: number][] {
  const found: [HalfDay, number][] = []
  for (const half of ['morning', 'afternoon', 'evening'] as const) {
    const most = Math.max(0, ...days.map((day) => day.periods.filter((period) => period.slot.half_day === half).length))
    if (most > 0) found.push([half, most])
  }
  return found
}
