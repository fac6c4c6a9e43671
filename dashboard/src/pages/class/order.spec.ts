import { describe, expect, it } from 'vitest'
import type { Attention, NowRow } from '@/live/state'
import { byName, ordered } from './order'

const row = (person: string, attention: Attention, more: Partial<NowRow> = {}): NowRow =>
  ({ id: person, person, role: 'trainee', attention, milliseconds: {}, lost_at: null, ...more }) as NowRow

const names = (rows: NowRow[], sort: 'attention' | 'name' | 'valid' = 'attention'): string[] =>
  ordered(rows, sort, byName(rows.map((one) => one.person), (person) => person)).map((one) => one.person)

describe('ordered', () => {
  it('puts those first whom a word still helps, and of them those with the least time', () => {
    expect(
      names([
        row('fine', 'calm'),
        row('lost', 'lost'),
        row('later', 'danger', { lost_at: '2026-05-11T01:00:00.000Z' }),
        row('tight', 'tight'),
        row('off', 'danger'),
        row('sooner', 'danger', { lost_at: '2026-05-11T00:53:00.000Z' }),
        row('made', 'full'),
      ]),
    ).toEqual(['sooner', 'later', 'off', 'lost', 'tight', 'fine', 'made'])
  })
  it('leaves the list it was given as it was', () => {
    const rows = [row('b', 'calm'), row('a', 'calm')]
    expect(names(rows, 'name')).toEqual(['a', 'b'])
    expect(rows.map((one) => one.person)).toEqual(['b', 'a'])
  })
  it('by valid time: those for whom it does not grow, then those with least', () => {
    const rows = [
      row('much', 'calm', { running: 'valid', milliseconds: { valid: 9 } }),
      row('little', 'calm', { running: 'valid', milliseconds: { valid: 1 } }),
      row('out', 'calm', { running: 'not_in_room', milliseconds: { valid: 5 } }),
    ]
    expect(names(rows, 'valid')).toEqual(['out', 'little', 'much'])
  })
})
