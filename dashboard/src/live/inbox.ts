// Accounts that match nobody, and whose they are. In: the inbox of a cohort, what somebody chose. Out: the request
// for it, and what can be taken back. Never: a choice of its own: names suggest, people decide.
import { shallowReactive } from 'vue'
import { ask } from './ask'
import type { components } from './doors'

type Shapes = components['schemas']
export type Inbox = Shapes['CohortInbox']
export type Unclaimed = Shapes['UnclaimedTold']
export type Meeting = Shapes['MeetingTold']
export type Suggestion = Shapes['Suggestion']
export type Bindable = Shapes['Bindable']
export type Preview = Shapes['PreviewTold']
export type PersonChange = Shapes['PersonChange']

export interface Binding {
  source: string
  account: string
  person: string
}

type Account = Pick<Unclaimed, 'source' | 'account'>
/** By account: the person chosen for it. */
export type Choices = ReadonlyMap<string, string>

export function keyOf(one: Account): string {
  return `${one.source}/${one.account}`
}

/** The accounts seen in a meeting; all of them where none is named. */
export function inMeeting(inbox: Inbox, meeting: string | null): Unclaimed[] {
  return meeting === null ? inbox.accounts : inbox.accounts.filter((one) => one.meetings.includes(meeting))
}

/** What was chosen, of accounts that are still there. */
export function bindingsOf(accounts: readonly Account[], choices: Choices): Binding[] {
  return accounts.flatMap((one) => {
    const person = choices.get(keyOf(one))
    return person === undefined ? [] : [{ source: one.source, account: one.account, person }]
  })
}

/** The one suggestion that stands out: nobody else is suggested as strongly. Namesakes are for a person to tell apart. */
export function outstanding(account: Unclaimed): Suggestion | null {
  const [best, next] = account.suggestions
  return best && (!next || next.how !== best.how || next.unbound !== best.unbound) ? best : null
}

/** The choices with a suggestion laid before whoever decides, for accounts without a choice. */
export function withSuggestions(accounts: readonly Unclaimed[], choices: Choices): Map<string, string> {
  const next = new Map(choices)
  for (const account of accounts) {
    const suggestion = outstanding(account)
    if (suggestion && !next.has(keyOf(account))) next.set(keyOf(account), suggestion.person)
  }
  return next
}

/** Whom an account may be bound to, in the order in which they are looked for. */
export function groups(people: readonly Bindable[]): Record<'unbound' | 'bound' | 'teachers', Bindable[]> {
  const trainees = people.filter((one) => one.role === 'trainee')
  return {
    unbound: trainees.filter((one) => one.unbound),
    bound: trainees.filter((one) => !one.unbound),
    teachers: people.filter((one) => one.role === 'teacher'),
  }
}

const at = (cohort: string): string => `/v1/cohorts/${encodeURIComponent(cohort)}`

export function askInbox(cohort: string): Promise<Inbox> {
  return ask('GET', `${at(cohort)}/inbox`)
}

export function preview(cohort: string, bindings: readonly Binding[]): Promise<Preview> {
  return ask('POST', `${at(cohort)}/bindings/preview`, { bindings })
}

/** What was bound from this page, newest first: it can be taken back. */
export const bound = shallowReactive(new Map<string, Binding[]>())

export async function bind(cohort: string, bindings: readonly Binding[]): Promise<void> {
  await ask('POST', `${at(cohort)}/bindings`, { bindings })
  bound.set(cohort, [...bindings, ...(bound.get(cohort) ?? [])])
}

export async function unbind(cohort: string, binding: Binding): Promise<void> {
  const which = new URLSearchParams({ account: binding.account, source: binding.source })
  await ask('DELETE', `${at(cohort)}/people/${encodeURIComponent(binding.person)}/accounts?${which}`)
  bound.set(cohort, (bound.get(cohort) ?? []).filter((one) => one !== binding))
}
