// Users, as administrators see them: what the doors of users take and answer. In: what a form holds. Out: the requests
// for it. Never: a right of its own (the doors decide), a link kept anywhere.
import { ask } from './ask'
import type { components } from './doors'
import { everyPage } from './every-page'
import type { Role } from './session'

type Shapes = components['schemas']
export type UserTold = Shapes['UserTold']
export type GivenLink = Shapes['LinkGiven']
export type SessionLine = Shapes['SessionLine']
export type CohortLine = Shapes['CohortLine']
export type UserState = UserTold['state']

export const ROLES: readonly Role[] = ['teacher', 'clerk', 'approver', 'center', 'auditor', 'admin']

/** What a user is given. */
export interface Grants {
  role: Role
  /** null: all of them. */
  cohorts: string[] | null
  /** Which teacher they are, by cohort. */
  persons: Record<string, string>
}

/** Whether a user of this role can be given all cohorts, those to come as well. */
export function mayHaveAll(role: Role): boolean {
  return role === 'center' || role === 'auditor' || role === 'admin'
}

/** The same grants under another role: what that role can't have falls away. */
export function withRole(grants: Grants, role: Role): Grants {
  const cohorts = mayHaveAll(role) ? grants.cohorts : (grants.cohorts ?? [])
  return withCohorts({ ...grants, role }, cohorts)
}

/** Other cohorts: who they are in those that remain stays. */
export function withCohorts(grants: Grants, cohorts: string[] | null): Grants {
  const kept = Object.entries(grants.persons).filter(([cohort]) => cohorts === null || cohorts.includes(cohort))
  return { ...grants, cohorts, persons: Object.fromEntries(kept) }
}

/** Who they are in a cohort; '' is nobody. */
export function withPerson(grants: Grants, cohort: string, person: string): Grants {
  const { [cohort]: _, ...others } = grants.persons
  return { ...grants, persons: person === '' ? others : { ...others, [cohort]: person } }
}

/** For a role that can have all cohorts the service takes none chosen as all of them: that has to be said as such. */
export function needsCohort(grants: Grants): boolean {
  return mayHaveAll(grants.role) && grants.cohorts !== null && grants.cohorts.length === 0
}

export function sameGrants(a: Grants, b: Grants): boolean {
  const key = (one: Grants): string =>
    JSON.stringify([one.role, one.cohorts && [...one.cohorts].sort(), Object.entries(one.persons).sort()])
  return key(a) === key(b)
}

/** Whether a user is meant by what was typed: by name, display or id, in whatever case. */
export function isMeant(user: UserTold, typed: string): boolean {
  const text = typed.normalize('NFKC').trim().toLowerCase()
  return [user.name, user.display, user.id].some((one) => one.normalize('NFKC').toLowerCase().includes(text))
}

export function allUsers(signal?: AbortSignal): Promise<UserTold[]> {
  return everyPage<UserTold>('/v1/users', 'users', signal)
}

export function allCohorts(signal?: AbortSignal): Promise<CohortLine[]> {
  return everyPage<CohortLine>('/v1/cohorts', 'cohorts', signal)
}

export interface Teacher {
  id: string
  name: string | null
}

/** The teachers of a cohort, as its file has them. */
export async function teachersOf(cohort: string): Promise<Teacher[]> {
  const told = await ask<{ people?: (Teacher & { role: string })[] | null }>('GET', `/v1/cohorts/${encodeURIComponent(cohort)}`)
  return (told.people ?? []).filter((one) => one.role === 'teacher').map(({ id, name }) => ({ id, name }))
}

const user = (id: string): string => `/v1/users/${encodeURIComponent(id)}`

export function invite(name: string, display: string, grants: Grants): Promise<{ user: UserTold; link: GivenLink }> {
  return ask('POST', '/v1/users', { name, display, ...grants })
}

export function oneUser(id: string): Promise<UserTold> {
  return ask('GET', user(id))
}

export function changeUser(id: string, change: Partial<Grants> & { display?: string; disabled?: boolean }): Promise<UserTold> {
  return ask('PATCH', user(id), change)
}

export function linkFor(id: string): Promise<GivenLink> {
  return ask('POST', `${user(id)}/link`)
}

/** Sessions of a user; one's own where none is named. */
export async function sessionsOf(id: string | null): Promise<SessionLine[]> {
  const told = await ask<{ sessions: SessionLine[] }>('GET', id === null ? '/v1/sessions' : `${user(id)}/sessions`)
  return told.sessions
}

export function endSession(id: string | null, session: string): Promise<void> {
  return ask('DELETE', `${id === null ? '/v1/sessions' : `${user(id)}/sessions`}/${encodeURIComponent(session)}`)
}

export function endAllSessions(id: string): Promise<void> {
  return ask('DELETE', `${user(id)}/sessions`)
}
