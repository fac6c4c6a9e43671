import { afterEach, describe, expect, it, vi } from 'vitest'
import { everyPage } from './every-page'
import { isMeant, needsCohort, sameGrants, teachersOf, withCohorts, withPerson, withRole, type Grants, type UserTold } from './users'

const grants: Grants = { role: 'teacher', cohorts: ['a', 'b'], persons: { a: 'w01', b: 'w02' } }

function answers(...all: object[]): string[] {
  const asked: string[] = []
  vi.stubGlobal('fetch', (path: string) => {
    asked.push(path)
    return Promise.resolve(new Response(JSON.stringify(all[asked.length - 1])))
  })
  return asked
}

afterEach(() => vi.unstubAllGlobals())

describe('what a user is given', () => {
  it('loses who they are in a cohort with the cohort', () => {
    expect(withCohorts(grants, ['b'])).toEqual({ role: 'teacher', cohorts: ['b'], persons: { b: 'w02' } })
    expect(withCohorts({ ...grants, role: 'admin' }, null).persons).toEqual(grants.persons)
  })

  it('is no longer everything under a role that is given cohorts one by one', () => {
    const all: Grants = { role: 'admin', cohorts: null, persons: { a: 'w01' } }
    expect(withRole(all, 'clerk')).toEqual({ role: 'clerk', cohorts: [], persons: {} })
    expect(withRole(all, 'auditor')).toEqual({ ...all, role: 'auditor' })
  })

  it('names one teacher a cohort, or nobody', () => {
    expect(withPerson(grants, 'a', 'w09').persons).toEqual({ a: 'w09', b: 'w02' })
    expect(withPerson(grants, 'a', '').persons).toEqual({ b: 'w02' })
  })

  it('says so where none chosen would be taken as all', () => {
    expect(needsCohort({ role: 'center', cohorts: [], persons: {} })).toBe(true)
    expect(needsCohort({ role: 'center', cohorts: null, persons: {} })).toBe(false)
    expect(needsCohort({ role: 'teacher', cohorts: [], persons: {} })).toBe(false)
  })

  it('is the same in whatever order, and another with another person', () => {
    expect(sameGrants(grants, { role: 'teacher', cohorts: ['b', 'a'], persons: { b: 'w02', a: 'w01' } })).toBe(true)
    expect(sameGrants(grants, withPerson(grants, 'a', 'w09'))).toBe(false)
    expect(sameGrants({ ...grants, cohorts: null }, { ...grants, cohorts: [] })).toBe(false)
  })
})

describe('users', () => {
  it('are found by any of their names, however it was typed', () => {
    const user = { id: 'u1', name: 'yan', display: '严老师' } as UserTold
    expect(['ＹＡＮ', '严', ' u1 ', ''].map((text) => isMeant(user, text))).toEqual([true, true, true, true])
    expect(isMeant(user, '王')).toBe(false)
  })

  it('come a page at a time, and all of them', async () => {
    const asked = answers({ users: [1, 2], next: 'x y' }, { users: [3], next: null })
    expect(await everyPage('/v1/users', 'users')).toEqual([1, 2, 3])
    expect(asked).toEqual(['/v1/users?limit=200', '/v1/users?limit=200&cursor=x+y'])
  })

  it('are tied to teachers of the cohort, never to trainees', async () => {
    answers({ people: [{ id: 'w01', role: 'teacher', name: '严' }, { id: 't01', role: 'trainee', name: '张' }] })
    expect(await teachersOf('a')).toEqual([{ id: 'w01', name: '严' }])
  })
})
