// Who has signed in, as the service says. In: nothing. Out: `session`, and what changes it. Never: a password
// or a secret longer than it takes to send it; a right of its own (the doors decide).
import { readonly, shallowRef } from 'vue'
import { ask, keepCsrf, onSignedOut } from './ask'
import { forgetAll } from './cohort'

export type Role = 'teacher' | 'clerk' | 'approver' | 'center' | 'auditor' | 'admin'

export interface User {
  id: string
  name: string
  display: string
  role: Role
  /** null: all of them. */
  cohorts: string[] | null
  /** Who this user is in a cohort. */
  persons: Record<string, string>
}

export interface Session {
  user: User | null
  csrf: string | null
  session: string | null
  demo: boolean
  idle_seconds: number | null
  ends_at: string | null
}

/** What a one-time link is for. */
export interface OneTimeLink {
  kind: 'invitation' | 'reset' | 'first' | 'sign_in'
  name: string | null
  display: string | null
  role: Role
  needs: ('name' | 'display' | 'password')[]
  expires_at: string
}

const current = shallowRef<Session | null>(null)
/** null until the service was asked. */
export const session = readonly(current) as Readonly<typeof current>

/** Takes over what the service says of the session. */
export function take(told: Session): Session {
  if (current.value?.session !== told.session) forgetAll()
  keepCsrf(told.csrf)
  return (current.value = told)
}

export async function askSession(): Promise<Session> {
  return take(await ask<Session>('GET', '/v1/session'))
}

export async function signIn(name: string, password: string): Promise<Session> {
  return take(await ask<Session>('POST', '/v1/session', { name, password }))
}

/** Whether it is as long as the service asks, in characters; it says itself what else it minds. */
export function mayBePassword(password: string): boolean {
  const { length } = [...password]
  return length >= 10 && length <= 200
}

/** Every other session of this user ends; this one goes on as a new one. */
export async function changePassword(old: string, next: string): Promise<Session> {
  return take(await ask<Session>('PUT', '/v1/session/password', { old, new: next }))
}

export async function signOut(): Promise<void> {
  await ask<void>('DELETE', '/v1/session')
  ended()
}

export function readLink(secret: string): Promise<OneTimeLink> {
  return ask<OneTimeLink>('POST', '/v1/link', { secret })
}

export async function useLink(secret: string, given: { name?: string; display?: string; password?: string }): Promise<Session> {
  return take(await ask<Session>('POST', '/v1/link/use', { secret, ...given }))
}

/** The session is over, whoever ended it. */
export function ended(): void {
  take({ user: null, csrf: null, session: null, demo: false, idle_seconds: null, ends_at: null })
}

onSignedOut(ended)
