import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import type { NowRow, PeriodOn } from '@/live/state'
import { defineComponent, h, ref } from 'vue'
import ClassTile from './ClassTile.vue'
import { handDown } from './clock'

const start = Date.parse('2026-05-11T00:30:00.000Z')
const period = { id: 's01/0', start: '2026-05-11T00:30:00.000Z', end: '2026-05-11T01:15:00.000Z', mode: 'online' } as PeriodOn
const row: NowRow = {
  id: 't01 s01/0',
  person: 't01',
  role: 'trainee',
  session: 's01',
  index: 0,
  until: period.end,
  state: 'camera_on',
  since: period.start,
  milliseconds: {},
  spans: [],
  at: period.start,
  running: 'valid',
  verdict: 'live',
  attention: 'calm',
  needed_ms: 2_400_000,
  margin_ms: 300_000,
  can_still: true,
  lost_at: null,
}

function text(changes: Partial<NowRow>, minutes: number): string {
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/', component: { template: '' } }] })
  const props = { cohort: 'c', row: { ...row, ...changes }, name: '张三', period, known: null }
  return mount(
    defineComponent(() => {
      handDown(ref(start + minutes * 60_000))
      return () => h(ClassTile, props)
    }),
    { global: { plugins: [router] } },
  ).text()
}

describe('ClassTile', () => {
  it('says how much is needed and how much is left', () => {
    expect(text({}, 25)).toContain('还需 15:00，剩余 20:00')
    expect(text({}, 25)).toContain('有效 25:00')
  })
  it('says plainly that the hour is lost, or made', () => {
    expect(text({ attention: 'lost', state: 'not_in_room', running: 'not_in_room' }, 25)).toContain('本学时已无法达标')
    expect(text({ attention: 'full' }, 41)).toContain('本学时已达标')
  })
  it('never shows a quiet platform as absence', () => {
    const shown = text({ attention: 'quiet', state: 'not_in_room', running: 'not_in_room' }, 25)
    expect(shown).toContain('无数据')
    expect(shown).not.toContain('不在教室')
    expect(shown).not.toContain('无法达标')
  })
})
