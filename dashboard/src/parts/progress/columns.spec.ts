import { describe, expect, it } from 'vitest'
import type { ProgressPeriod } from '@/live/facts'
import { laidOut, rowsSeen, seen } from './columns'

const period = (date: string): ProgressPeriod => ({ date, session: 's 1', index: 1 }) as ProgressPeriod
const periods = ['2026-05-11', '2026-05-11', '2026-05-12', '2026-05-14', '2026-05-14', '2026-05-14'].map(period)

describe('the columns of the heat map', () => {
  const laid = laidOut(periods, 20, 8, (one, hour) => `${one.date} ${hour}: `)

  it('stand side by side in a day, with a gap before the next', () => {
    expect(laid.columns.map((column) => column.x)).toEqual([0, 20, 48, 76, 96, 116])
    expect(laid.days.map((day) => [day.date, day.x, day.width])).toEqual([
      ['2026-05-11', 0, 40],
      ['2026-05-12', 48, 20],
      ['2026-05-14', 76, 60],
    ])
    expect(laid.width).toBe(136)
  })

  it('are named, and lead to the proof of their hour', () => {
    expect(laid.columns[1]).toMatchObject({ label: '2026-05-11 2: ', to: '?period=s%201/1' })
  })

  it('count the hours of each day from one', () => {
    expect(laid.columns.map((column) => column.hour)).toEqual([1, 2, 1, 1, 2, 3])
  })

  it('are drawn for the days of which something can be seen', () => {
    expect(seen(laid.days, 0, 40)).toEqual([0, 0])
    expect(seen(laid.days, 39, 49)).toEqual([0, 1])
    expect(seen(laid.days, 40, 77)).toEqual([1, 2])
    expect(seen(laid.days, 500, 900)).toEqual([2, 2])
    expect(seen([], 0, 100)).toEqual([0, 0])
  })
})

describe('the rows of the heat map', () => {
  it('are drawn where they can be seen, and a few around', () => {
    expect(rowsSeen(0, 300, 30, 300, 2)).toEqual([0, 12])
    expect(rowsSeen(3_000, 300, 30, 300, 2)).toEqual([98, 112])
    expect(rowsSeen(8_900, 300, 30, 300, 2)).toEqual([294, 300])
    expect(rowsSeen(8_900, 300, 30, 3, 2)).toEqual([3, 3])
  })
})
