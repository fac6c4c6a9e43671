import { afterEach, describe, expect, it, vi } from 'vitest'
import { factsOf } from './cohort-file'
import { bind, bindingsOf, bound, groups, inMeeting, outstanding, unbind, withSuggestions, type Inbox, type Suggestion, type Unclaimed } from './inbox'

const may = (person: string, how: Suggestion['how'], unbound = true): Suggestion => ({ person, name: person, how, unbound, why: { zh: '', en: '' } })
const account = (name: string, meetings: string[], suggestions: Suggestion[] = []): Unclaimed =>
  ({ source: 'main', account: name, meetings, suggestions }) as unknown as Unclaimed

const one = account('u-1', ['m1'], [may('t01', 'same'), may('t02', 'close')])
const two = account('u-2', ['m1', 'm2'], [may('t03', 'same'), may('t04', 'same')])
const three = account('u-3', ['m2'])
const inbox = { accounts: [one, two, three] } as Inbox

afterEach(() => vi.unstubAllGlobals())

describe('the accounts of a meeting', () => {
  it('are those seen in it, in several where they were', () => {
    expect(inMeeting(inbox, 'm1')).toEqual([one, two])
    expect(inMeeting(inbox, 'm2')).toEqual([two, three])
    expect(inMeeting(inbox, null)).toHaveLength(3)
  })

  it('are bound as they were chosen, and no other', () => {
    const choices = new Map([['main/u-1', 't09'], ['main/u-3', 't01'], ['other/u-2', 't02']])
    expect(bindingsOf(inMeeting(inbox, 'm1'), choices)).toEqual([{ source: 'main', account: 'u-1', person: 't09' }])
  })
})

describe('a suggestion', () => {
  it('is laid before somebody only where it stands out: namesakes are told apart by people', () => {
    expect(outstanding(one)?.person).toBe('t01')
    expect(outstanding(two)).toBeNull()
    expect(outstanding(account('u-4', [], [may('t03', 'same'), may('t04', 'same', false)]))?.person).toBe('t03')
    expect(outstanding(three)).toBeNull()
  })

  it('takes the place of no choice', () => {
    const choices = new Map([['main/u-1', 't09']])
    expect(withSuggestions(inbox.accounts, choices)).toEqual(choices)
    expect([...withSuggestions(inbox.accounts, new Map())]).toEqual([['main/u-1', 't01']])
  })
})

describe('binding', () => {
  it('is one request for all, and is taken back one by one', async () => {
    const asked: [string, string, unknown][] = []
    vi.stubGlobal('fetch', (path: string, { method, body }: RequestInit) => {
      asked.push([method!, path, JSON.parse((body as string | null) ?? 'null')])
      return Promise.resolve(new Response('{}'))
    })
    const bindings = bindingsOf([one, three], new Map([['main/u-1', 't 1'], ['main/u-3', 't03']]))
    await bind('c', bindings)
    expect(asked).toEqual([['POST', '/v1/cohorts/c/bindings', { bindings }]])
    expect(bound.get('c')).toEqual(bindings)
    await unbind('c', bindings[0]!)
    expect(asked[1]).toEqual(['DELETE', '/v1/cohorts/c/people/t%201/accounts?account=u-1&source=main', null])
    expect(bound.get('c')).toEqual([bindings[1]])
  })

  it('is not done where the service declines', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('{"reason":"conflict"}', { status: 409 })))
    await expect(bind('d', [{ source: 'main', account: 'u', person: 't' }])).rejects.toMatchObject({ reason: 'conflict' })
    expect(bound.has('d')).toBe(false)
  })
})

describe('whom an account may be bound to', () => {
  it('is led by those without one; teachers come last', () => {
    const person = (id: string, role: 'teacher' | 'trainee', unbound: boolean) => ({ id, role, unbound, name: null })
    const found = groups([person('t1', 'trainee', false), person('w1', 'teacher', true), person('t2', 'trainee', true)])
    expect(Object.entries(found).map(([name, people]) => [name, people.map((one) => one.id)])).toEqual([
      ['unbound', ['t2']],
      ['bound', ['t1']],
      ['teachers', ['w1']],
    ])
  })
})

describe('the facts of a cohort', () => {
  it('are empty where its file says nothing', () => {
    expect(factsOf({ cohort: {} })).toEqual({ timezone: undefined, courses: new Map(), people: [] })
    expect(factsOf({ cohort: { timezone: 'Asia/Shanghai' }, sessions: [{ id: 's1', course: '五轴' }] }).courses.get('s1')).toBe('五轴')
  })
})
