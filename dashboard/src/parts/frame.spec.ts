// What stands around every page: the tab's title, and that a demonstration says that it is one.
import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, expect, it, vi } from 'vitest'
import { defineComponent, h, nextTick } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import { ended, mayBePassword, take } from '@/live/session'
import MyAccount from '@/pages/MyAccount.vue'
import { routes } from '@/router'
import { chooseLanguage } from '@/words/words'
import { zh } from '@/words/zh'
import FrameHeader from './FrameHeader.vue'
import { endPresenting, present } from './present'
import { useTitle } from './title'

let sent: string[] = []

function signedIn(): void {
  const user = { id: 'u1', name: 'yan', display: '严老师', role: 'teacher' as const, cohorts: ['c-1'], persons: {} }
  take({ user, csrf: 'x', session: 's', demo: true, idle_seconds: 1, ends_at: '2026-11-22T00:00:00Z' })
  sent = []
  vi.stubGlobal('fetch', (path: string, asked: { method: string }) => {
    sent.push(`${asked.method} ${path}`)
    const told = path.startsWith('/v1/cohorts') ? { cohorts: [{ id: 'c-1', name: '五轴数控班' }], next: null } : { sessions: [], next: null }
    return Promise.resolve(new Response(JSON.stringify(told)))
  })
}

const plugins = () => ({ global: { plugins: [createRouter({ history: createMemoryHistory(), routes })] } })

afterEach(() => {
  vi.unstubAllGlobals()
  chooseLanguage('zh')
  endPresenting()
  ended()
})

it('names page, class and product in the tab, in the language chosen', async () => {
  signedIn()
  const Page = defineComponent(() => {
    useTitle('进度', 'c-1')
    return () => h('p')
  })
  const page = mount(Page)
  await flushPromises()
  expect(document.title).toBe('进度 · 五轴数控班 · 学时在册')
  chooseLanguage('en')
  await nextTick()
  expect(document.title).toBe('进度 · 五轴数控班 · Class Hours')
  page.unmount()
})

it('says that a demonstration is one, presenting or not', async () => {
  signedIn()
  const header = mount(FrameHeader, plugins())
  expect(header.text()).toContain(zh.frame.demo)
  present()
  await nextTick()
  expect(header.text()).toContain(zh.frame.presentEnd)
  expect(header.text()).toContain(zh.frame.demo)
  header.unmount()
})

it('tells in its own words that a password is too short, sends nothing, and calls classes by their names', async () => {
  signedIn()
  const page = mount(MyAccount, plugins())
  await flushPromises()
  expect(page.text()).toContain('五轴数控班')
  for (const [name, text] of [['password', 'a phrase of old'], ['new-password', '短'], ['again', '短']] as const) {
    const field = page.get(`input[name=${name}]`)
    expect(field.attributes('minlength')).toBeUndefined()
    await field.setValue(text)
  }
  await page.get('form').trigger('submit')
  await flushPromises()
  expect(page.get('[role=alert]').text()).toBe(zh.signIn.link.length)
  expect(sent.filter((one) => one.startsWith('PUT'))).toEqual([])
  page.unmount()
})

it('counts a password in characters', () => {
  expect([mayBePassword('九个字还不够长啊啊'), mayBePassword('十个字就已经足够长了'), mayBePassword('😀'.repeat(9))]).toEqual([false, true, false])
  expect([mayBePassword('x'.repeat(200)), mayBePassword('x'.repeat(201))]).toEqual([true, false])
})
