import { mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import type { Progress, ProgressPerson } from '@/live/facts'
import HeatMap from './HeatMap.vue'

const DAYS = 11
const HOURS = 8
const TRAINEES = 300
const days = Array.from({ length: DAYS }, (_, i) => `2026-05-${11 + i}`)
const told = {
  timezone: 'Asia/Shanghai',
  needs: { hours: 80, seminar: 16, hour_ms: 2_400_000 },
  codes: { a: ['credited', null], c: ['refused', 'camera_off'] },
  days: days.map((date) => ({ date, weekday: 1 })),
  periods: days.flatMap((date, d) =>
    Array.from({ length: HOURS }, (_, index) => ({
      session: `s${d}`,
      index,
      course: '五轴加工',
      start: `${date}T00:30:00.000Z`,
      end: `${date}T01:15:00.000Z`,
      date,
      settled: false,
    })),
  ),
} as unknown as Progress
const people = Array.from({ length: TRAINEES }, (_, i) => ({
  id: `t${i}`,
  name: `学员${i}`,
  standing: 'on_track',
  credited: 3,
  seminar: 1,
  cells: 'c' + 'a'.repeat(DAYS * HOURS - 1),
})) as unknown as ProgressPerson[]

const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:any(.*)*', component: { render: () => null } }] })
let shown: ReturnType<typeof mount> | null = null

beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(240)
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(520)
})
afterEach(() => shown?.unmount())

async function map(): Promise<ReturnType<typeof mount>> {
  shown = mount(HeatMap, { props: { told, people, cohort: 'bj' }, global: { plugins: [router] }, attachTo: document.body })
  await nextTick()
  await nextTick()
  return shown
}

describe('the heat map', () => {
  it('has only what can be seen in the document, and says how large it is', async () => {
    const wrapper = await map()
    expect(wrapper.get('[role=grid]').attributes()).toMatchObject({ 'aria-rowcount': '301', 'aria-colcount': '89' })
    expect(wrapper.findAll('[data-row]').length).toBeLessThan(30)
    expect(wrapper.findAll('[data-row="0"] [role=gridcell]').length).toBeLessThan(DAYS * HOURS)
  })

  it('says in each cell in words what it shows, and leads to its proof', async () => {
    const link = (await map()).get('[data-row="2"] [data-col="1"] a')
    expect(link.attributes('aria-label')).toBe('5月11日 第 1 学时 五轴加工：未计入 · 摄像头关')
    expect(link.text()).toBe('摄')
    expect(link.attributes('href')).toBe('/cohorts/bj/people/t2?period=s0/0')
  })

  it('is walked with the arrow keys, and is one stop for the Tab key', async () => {
    const wrapper = await map()
    const stops = () => wrapper.findAll('a[tabindex="0"]').map((link) => link.element)
    expect(stops().length).toBe(1)
    wrapper.get<HTMLElement>('[data-row="0"] [data-col="0"] a').element.focus()
    for (const key of ['ArrowDown', 'ArrowRight', 'ArrowRight']) {
      await wrapper.get('[role=grid]').trigger('keydown', { key })
      await nextTick()
    }
    const there = wrapper.get('[data-row="1"] [data-col="2"] a').element
    expect(document.activeElement).toBe(there)
    expect(stops()).toEqual([there])
  })

  it('brings a place far away into the document when one walks there', async () => {
    const wrapper = await map()
    await wrapper.get('[role=grid]').trigger('keydown', { key: 'End', ctrlKey: true })
    await nextTick()
    expect(document.activeElement?.closest('[data-row]')?.getAttribute('data-row')).toBe('299')
    expect(document.activeElement?.closest('[data-col]')?.getAttribute('data-col')).toBe('88')
  })

  it('keeps the place that has the focus, where it was scrolled away', async () => {
    const wrapper = await map()
    const grid = wrapper.get<HTMLElement>('[role=grid]')
    grid.element.scrollTop = 5_000
    await grid.trigger('scroll')
    await vi.waitFor(() => expect(wrapper.find('[data-row="120"]').exists()).toBe(true))
    expect(wrapper.findAll('[data-row="1"]').length).toBe(0)
    expect(wrapper.findAll('[data-row="0"] a[tabindex="0"]').length).toBe(1)
  })
})
