import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { apply } from './apply'
import type { LiveState, Message } from './state'

interface Step {
  message: Message
  state: LiveState | null
}

const morning = JSON.parse(readFileSync('contract/live-morning.json', 'utf8')) as { steps: Step[] }

describe('apply', () => {
  it('leads from message to message to what a fresh fetch would say', () => {
    let state: LiveState | null = null
    let compared = 0
    for (const step of morning.steps) {
      state = apply(state, step.message)
      if (step.state === null) continue
      expect(state).toEqual(step.state)
      compared++
    }
    expect(compared).toBeGreaterThan(5)
  })

  it('leaves the state before as it was, and rows that did not change the same objects', () => {
    let state: LiveState | null = null
    let kept = 0
    for (const { message } of morning.steps) {
      const before: LiveState | null = state
      const text = JSON.stringify(before)
      state = apply(state, message)
      expect(JSON.stringify(before)).toBe(text)
      if (message.type !== 'change' || before === null) continue
      const changed = message.rows?.now ?? {}
      if (message.lists?.now || message.values?.now) continue
      for (const row of before.now) {
        if (row.id in changed) continue
        expect(state?.now).toContain(row)
        kept++
      }
    }
    expect(kept).toBeGreaterThan(0)
  })

  it('drops what is gone, before rows and lists are put in place', () => {
    const before = { as_of: 'a', demo: true, people: [{ id: 't01', credited: 0 }, { id: 't02', credited: 0 }], findings: [1, 2, 3] }
    const change: Message = {
      type: 'change',
      position: 'p',
      values: { as_of: 'b' },
      gone: ['demo'],
      rows: { people: { t02: { id: 't02', credited: 1 } } },
      lists: { findings: [1, 1, [4, 5]] },
    }
    expect(apply(before as unknown as LiveState, change)).toEqual({
      as_of: 'b',
      people: [{ id: 't01', credited: 0 }, { id: 't02', credited: 1 }],
      findings: [1, 4, 5, 3],
    })
  })

  it('has nothing to change before the first snapshot, and nothing to do for what is no state', () => {
    expect(apply(null, { type: 'change', position: 'p', values: { as_of: 'b' } })).toBeNull()
    expect(apply(null, { type: 'resumed', position: 'p' })).toBeNull()
  })
})
