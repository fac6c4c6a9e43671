import { describe, expect, it } from 'vitest'
import type { DayPeriod, DayTold, PersonDays } from '@/live/facts'
import { find, halfDays, hoursOf, notCounted, pieceAt, spans } from './hours'

const period = (session: string, index: number, half: 'morning' | 'afternoon', verdict: DayPeriod['verdict'] = 'credited'): DayPeriod =>
  ({ session, index, verdict, slot: { half_day: half } }) as DayPeriod
const days = [
  { date: '2026-05-11', periods: [period('s1', 0, 'morning'), period('s1', 1, 'morning', 'refused'), period('s2', 0, 'afternoon')] },
  { date: '2026-05-12', periods: [period('s3', 0, 'afternoon', 'pending'), period('s3', 1, 'afternoon', 'upcoming')] },
] as DayTold[]
const told = { days } as PersonDays

describe('the hours of one person', () => {
  it('are found by the name that addresses have of them', () => {
    expect(find(told, 's3/1')).toMatchObject({ number: 2, day: { date: '2026-05-12' }, key: 's3/1' })
    expect(find(told, 's3/7')).toBeNull()
    expect(find(told, 's3')).toBeNull()
  })
  it('stand under one another by half-day', () => {
    expect(halfDays(days)).toEqual([
      ['morning', 2],
      ['afternoon', 2],
    ])
  })
  it('that did not count are those refused or pending', () => {
    expect(notCounted(told).map((hour) => hour.key)).toEqual(['s1/1', 's3/0'])
    expect(hoursOf(days[0]!).map((hour) => hour.number)).toEqual([1, 2, 3])
  })
})

describe('a strip', () => {
  const strip: DayPeriod['strip'] = [
    ['2026-05-11T00:30:00.000Z', '2026-05-11T00:40:10.000Z', 'valid'],
    ['2026-05-11T00:40:10.000Z', '2026-05-11T01:15:00.000Z', 'camera_off'],
  ]
  it('is drawn in milliseconds from the start of its period', () => {
    expect(spans(strip, '2026-05-11T00:30:00.000Z')).toEqual([
      { category: 'valid', from: 0, to: 610_000 },
      { category: 'camera_off', from: 610_000, to: 2_700_000 },
    ])
  })
  it('has each instant in one piece: an end is the next one’s beginning', () => {
    expect(pieceAt(strip, '2026-05-11T00:40:09.999Z')?.[2]).toBe('valid')
    expect(pieceAt(strip, '2026-05-11T00:40:10.000Z')?.[2]).toBe('camera_off')
    expect(pieceAt(strip, '2026-05-11T01:15:00.000Z')).toBeNull()
  })
})
