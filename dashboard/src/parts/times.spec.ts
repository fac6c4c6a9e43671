import { describe, expect, it } from 'vitest'
import { day, duration, timeOfDay, timeToSecond } from './times'

describe('times', () => {
  it('writes durations as a clock does, and none below zero', () => {
    expect([0, 59_999, 750_000, 3_723_000, -5].map(duration)).toEqual(['0:00', '0:59', '12:30', '1:02:03', '0:00'])
  })
  it('writes an instant in the zone of the class, wherever the browser stands', () => {
    const at = '2026-05-11T16:30:05.000Z'
    expect([timeOfDay(at, 'Asia/Shanghai'), timeToSecond(at, 'Asia/Shanghai')]).toEqual(['00:30', '00:30:05'])
    expect(day(at, 'Asia/Shanghai')).toBe('2026-05-12')
  })
})
