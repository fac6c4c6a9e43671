// Who may not do a thing is told why not, and nothing is asked of the service.
import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { ended, take, type Role } from '@/live/session'
import { routes } from '@/router'
import { zh } from '@/words/zh'
import CohortFindings from './CohortFindings.vue'
import CohortInbox from './CohortInbox.vue'
import UserList from './UserList.vue'
import UserPage from './UserPage.vue'

let asked: string[] = []

function signedInAs(role: Role): void {
  const user = { id: 'u1', name: 'yan', display: '严老师', role, cohorts: ['c'], persons: {} }
  take({ user, csrf: 'x', session: 's', demo: false, idle_seconds: 1, ends_at: '2026-11-22T00:00:00Z' })
}

async function shown(page: object, props: object): Promise<string> {
  const router = createRouter({ history: createMemoryHistory(), routes })
  const wrapper = mount(page, { props, global: { plugins: [router] } })
  await flushPromises()
  const text = wrapper.text()
  wrapper.unmount()
  return text
}

beforeEach(() => {
  asked = []
  vi.stubGlobal('fetch', (path: string) => {
    asked.push(path)
    return Promise.resolve(new Response('{"reason":"forbidden"}', { status: 403 }))
  })
})
afterEach(() => {
  vi.unstubAllGlobals()
  ended()
})

describe('who may not', () => {
  it('sees why the inbox is not theirs', async () => {
    signedInAs('teacher')
    expect(await shown(CohortInbox, { cohort: 'c' })).toContain(zh.inbox.notYours)
    expect(asked.filter((path) => path.includes('inbox'))).toEqual([])
    signedInAs('clerk')
    expect(await shown(CohortInbox, { cohort: 'c' })).not.toContain(zh.inbox.notYours)
    expect(asked).toContain('/v1/cohorts/c/inbox')
  })

  it('sees why findings are not theirs', async () => {
    signedInAs('center')
    expect(await shown(CohortFindings, { cohort: 'c' })).toContain(zh.findings.notYours)
    expect(asked.filter((path) => path.includes('findings'))).toEqual([])
  })

  it('sees why users are not theirs', async () => {
    signedInAs('clerk')
    expect(await shown(UserList, {})).toContain(zh.users.onlyAdmins)
    expect(await shown(UserPage, { user: 'u2' })).toContain(zh.users.onlyAdmins)
    expect(asked).toEqual([])
  })
})
