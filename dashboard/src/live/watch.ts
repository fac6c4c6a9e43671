// One cohort's live socket: opens it, applies what comes, comes back by itself after it was lost.
//
// In: a cohort's id and who wants to know. Out: each new state, and how the link stands. Comes back with
// `?after=`, waiting longer each time. Never: draws, decides, keeps open what nobody asked for.
import { apply } from './apply'
import { serviceNow } from './clock'
import type { LiveState, Message } from './state'

/** How the link stands. `lost`: what is shown is as of `since` (ms), and the next try is at `retryAt`. */
export type Link =
  | { kind: 'connecting' }
  | { kind: 'live' }
  | { kind: 'lost'; since: number; retryAt: number }
  | { kind: 'signed_out' }
  | { kind: 'refused'; reason: string }

/** What the socket needs of the browser; a test hands in its own. */
export interface World {
  open(path: string): WebSocket
  now(): number
  later(call: () => void, ms: number): number
  never(timer: number): void
  random(): number
}

export const browser: World = {
  open: (path) => new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${path}`),
  now: serviceNow,
  later: (call, ms) => window.setTimeout(call, ms),
  never: (timer) => window.clearTimeout(timer),
  random: () => Math.random(),
}

const FIRST_WAIT = 500
const LONGEST_WAIT = 15_000
/** A socket that says nothing for so long after it was opened is given up. */
const SILENT = 10_000

const SIGNED_OUT = 4401
const REFUSED = [4403, 4404]

export interface Watch {
  /** Tries at once, where it waits to try again. */
  now(): void
  /** Closes the socket; what is known stays, so that `open` goes on after it. */
  close(): void
  open(): void
}

export interface Told {
  state(state: LiveState): void
  link(link: Link): void
}

export function watch(cohort: string, told: Told, world: World = browser): Watch {
  let socket: WebSocket | null = null
  let state: LiveState | null = null
  let position: string | null = null
  let waits = 0
  let timer: number | null = null
  let lostSince: number | null = null

  function open(): void {
    stop()
    if (lostSince === null) told.link({ kind: 'connecting' })
    const query = new URLSearchParams({ cohort })
    if (position !== null && state !== null) query.set('after', position)
    const mine = (socket = world.open(`/v1/live?${query}`))
    timer = world.later(() => mine === socket && lost(), SILENT)
    mine.onmessage = (event: MessageEvent<string>) => mine === socket && take(JSON.parse(event.data) as Message)
    mine.onclose = (event: CloseEvent) => mine === socket && closed(event.code, event.reason)
  }

  function take(message: Message): void {
    if (message.type === 'auth_required') return end({ kind: 'signed_out' })
    if (message.type === 'problem') return end({ kind: 'refused', reason: message.reason })
    if (message.type === 'refetch') position = null
    if (message.type !== 'snapshot' && message.type !== 'resumed' && message.type !== 'change') return
    position = message.position
    const next = apply(state, message)
    if (next !== null && next !== state) told.state((state = next))
    if (message.type === 'change') return
    if (timer !== null) world.never(timer)
    timer = null
    waits = 0
    lostSince = null
    told.link({ kind: 'live' })
  }

  function closed(code: number, reason: string): void {
    if (code === SIGNED_OUT) end({ kind: 'signed_out' })
    else if (REFUSED.includes(code)) end({ kind: 'refused', reason })
    else lost()
  }

  /** Waits, a little longer each time and never exactly as long as everybody else, then tries again. */
  function lost(): void {
    stop()
    lostSince ??= world.now()
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** waits++)
    const wait = longest * (0.5 + world.random() / 2)
    told.link({ kind: 'lost', since: lostSince, retryAt: world.now() + wait })
    timer = world.later(open, wait)
  }

  function end(link: Link): void {
    stop()
    told.link(link)
  }

  function stop(): void {
    if (timer !== null) world.never(timer)
    timer = null
    const old = socket
    socket = null
    old?.close()
  }

  return {
    open: () => void (socket === null && timer === null && open()),
    now: () => void (socket === null && open()),
    close: () => {
      stop()
      lostSince = null
    },
  }
}
