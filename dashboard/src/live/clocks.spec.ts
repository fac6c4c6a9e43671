import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { apply } from './apply'
import { clocks, spansOf } from './clocks'
import { recent } from './recent'
import type { LiveState, Message, NowRow } from './state'

const start = '2026-05-11T00:30:00.000Z'
const at = (minutes: number): number => Date.parse(start) + minutes * 60_000

const row: NowRow = {
  id: 't01 s01/0',
  person: 't01',
  role: 'trainee',
  session: 's01',
  index: 0,
  until: '2026-05-11T01:15:00.000Z',
  state: 'camera_off',
  since: '2026-05-11T00:50:00.000Z',
  milliseconds: { not_in_room: 120_000, valid: 1_080_000 },
  spans: [
    ['not_in_room', 0, 120_000],
    ['valid', 120_000, 1_200_000],
  ],
  at: '2026-05-11T00:50:00.000Z',
  running: 'camera_off',
  verdict: 'live',
  attention: 'danger',
  needed_ms: 1_320_000,
  margin_ms: 180_000,
  can_still: true,
  lost_at: '2026-05-11T00:53:00.001Z',
}
const back: NowRow = { ...row, state: 'camera_on', running: 'valid', lost_at: null }

describe('clocks', () => {
  it('lets what may be missed run down while time does not count', () => {
    expect(clocks(row, at(22))).toEqual({ valid: 1_080_000, needed: 1_320_000, left: 23 * 60_000, spare: 60_000, lasts: 120_000 })
  })
  it('lets valid time grow while it does', () => {
    const shown = clocks(back, at(22))
    expect([shown.valid, shown.needed, shown.spare]).toEqual([1_200_000, 1_200_000, 180_000])
  })
  it('stands still when the period is over, and shows nothing below zero', () => {
    const shown = clocks(back, at(90))
    expect([shown.valid, shown.needed, shown.left]).toEqual([1_080_000 + 25 * 60_000, 0, 0])
    expect(clocks(row, at(30)).spare).toBe(0)
  })
  it('draws the strip on to now, and no farther than the period', () => {
    expect(spansOf(row, { start }, at(22)).at(-1)).toEqual({ category: 'camera_off', from: 1_200_000, to: 1_320_000 })
    expect(spansOf(row, { start }, at(90)).at(-1)).toEqual({ category: 'camera_off', from: 1_200_000, to: 2_700_000 })
    expect(spansOf(row, { start }, at(10))).toHaveLength(2)
  })
})

describe('the clocks of what the service really says', () => {
  const steps = (JSON.parse(readFileSync('contract/live-morning.json', 'utf8')) as { steps: { message: Message }[] }).steps

  it('add up to the whole of the period that has passed, in every row of every state', () => {
    let state: LiveState | null = null
    let rows = 0
    for (const { message } of steps) {
      state = apply(state, message)
      const now = Date.parse(state!.as_of)
      for (const one of state!.now) {
        const period = state!.running.find((running) => running.id === `${one.session}/${one.index}`)!
        const spans = spansOf(one, period, now)
        const passed = Math.min(now, Date.parse(period.end)) - Date.parse(period.start)
        expect(spans.reduce((sum, span) => sum + span.to - span.from, 0)).toBe(passed)
        const valid = spans.filter((span) => span.category === 'valid').reduce((sum, span) => sum + span.to - span.from, 0)
        expect(clocks(one, now).valid).toBe(valid)
        rows++
      }
    }
    expect(rows).toBeGreaterThan(20)
  })
})

describe('recent', () => {
  it('tells the edges of the seconds, newest first, and none for what was so from the start', () => {
    const found = recent([row], [{ id: 's01/0', start }], 10)
    expect(found.map((edge) => [edge.at, edge.before, edge.after])).toEqual([
      [at(20), 'valid', 'camera_off'],
      [at(2), 'not_in_room', 'valid'],
    ])
  })
  it('tells a sign-in at its own instant', () => {
    const signed: NowRow = { ...row, state: 'signed_in', since: '2026-05-11T00:21:00.000Z', spans: [], at: start, running: 'valid' }
    expect(recent([signed], [{ id: 's01/0', start }], 10).map((edge) => edge.at)).toEqual([at(-9)])
  })
  it('does not tell a quiet platform as a change of each', () => {
    const quiet: NowRow = { ...row, attention: 'quiet', state: 'no_evidence', running: 'no_evidence' }
    expect(recent([quiet], [{ id: 's01/0', start }], 10).map((edge) => edge.after)).toEqual(['valid'])
  })
  it('keeps the latest', () => {
    expect(recent([row, back], [{ id: 's01/0', start }], 1)).toHaveLength(1)
  })
})
