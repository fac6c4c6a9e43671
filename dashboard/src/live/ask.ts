// Asks the service's doors: JSON there and back, and a Problem where the answer is one.
//
// In: method, path, body. Out: the answer, typed by who asks; or a Problem thrown, with the service's own
// words. Never: retries, decides, shows anything.
import { tellDate } from './clock'

/** application/problem+json (RFC 9457), or that the service could not be reached (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    readonly title: string,
    readonly detail: string | null,
    /** After how many seconds it may be tried again. */
    readonly retryAfter: number | null,
  ) {
    super(title)
  }
}

let csrf: string | null = null
let signedOut: () => void = () => undefined

/** The value that goes with all that changes something. */
export function keepCsrf(value: string | null): void {
  csrf = value
}

/** Called where an answer says that the session is over. */
export function onSignedOut(call: () => void): void {
  signedOut = call
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** What a door answers; undefined where it answers nothing. */
export async function ask<Answer>(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (method !== 'GET' && csrf !== null) headers['X-CSRF-Token'] = csrf
  const sent = Date.now()
  let answer: Response
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? null : JSON.stringify(body), signal: signal ?? null })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new Problem(0, 'unreachable', '', null, null)
  }
  tellDate(answer.headers.get('Date'), sent, Date.now())
  if (!answer.ok) throw await problemOf(answer)
  return (answer.status === 204 ? undefined : await answer.json()) as Answer
}

async function problemOf(answer: Response): Promise<Problem> {
  let told: { reason?: string; title?: string; detail?: string; retry_after?: number } = {}
  try {
    told = (await answer.json()) as typeof told
  } catch {
    // A proxy's own page, or nothing: the status has to do.
  }
  if (answer.status === 401 && told.reason === 'unauthorized') signedOut()
  const wait = told.retry_after ?? (Number(answer.headers.get('Retry-After')) || null)
  return new Problem(answer.status, told.reason ?? 'unexpected', told.title ?? '', told.detail ?? null, wait)
}
