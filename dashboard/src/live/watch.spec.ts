import { beforeEach, describe, expect, it } from 'vitest'
import type { LiveState } from './state'
import { watch, type Link, type Watch, type World } from './watch'

class FakeSocket {
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number; reason: string }) => void) | null = null
  closed = false
  constructor(readonly path: string) {}
  say(message: unknown): void {
    this.onmessage?.({ data: JSON.stringify(message) })
  }
  end(code = 1006): void {
    this.onclose?.({ code, reason: '' })
  }
  close(): void {
    this.closed = true
  }
}

const state = { as_of: 'a', now: [] } as unknown as LiveState

let sockets: FakeSocket[]
let timers: Map<number, { call: () => void; ms: number }>
let links: Link[]
let states: LiveState[]
let watching: Watch

const last = (): FakeSocket => sockets[sockets.length - 1]!

/** Lets the next timer ring, whatever it waits for; how long it would have waited. */
function ring(): number {
  const [id, timer] = [...timers][0]!
  timers.delete(id)
  timer.call()
  return timer.ms
}

beforeEach(() => {
  sockets = []
  timers = new Map()
  links = []
  states = []
  let ids = 0
  const world: World = {
    open: (path) => {
      sockets.push(new FakeSocket(path))
      return last() as unknown as WebSocket
    },
    now: () => 1_000,
    later: (call, ms) => {
      timers.set(++ids, { call, ms })
      return ids
    },
    never: (id) => timers.delete(id),
    random: () => 1,
  }
  watching = watch('c 1', { state: (told) => states.push(told), link: (link) => links.push(link) }, world)
  watching.open()
})

const live = (): void => last().say({ type: 'snapshot', position: 'p1', state })

describe('watch', () => {
  it('asks for its cohort and is live with the first snapshot', () => {
    expect(last().path).toBe('/v1/live?cohort=c+1')
    live()
    expect(links).toEqual([{ kind: 'connecting' }, { kind: 'live' }])
    expect(states).toEqual([state])
    expect(timers.size).toBe(0)
  })

  it('says that it is lost, comes back after the last position, and is right again', () => {
    live()
    last().say({ type: 'change', position: 'p2', values: { as_of: 'b' } })
    last().end()
    expect(links.at(-1)).toEqual({ kind: 'lost', since: 1_000, retryAt: 1_500 })
    ring()
    expect(last().path).toBe('/v1/live?cohort=c+1&after=p2')
    last().say({ type: 'resumed', position: 'p2' })
    last().say({ type: 'change', position: 'p3', values: { as_of: 'c' } })
    expect(links.at(-1)).toEqual({ kind: 'live' })
    expect(states.at(-1)).toEqual({ ...state, as_of: 'c' })
  })

  it('waits longer each time, at most fifteen seconds, and begins anew once it was live', () => {
    live()
    const waits = []
    for (let n = 0; n < 8; n++) {
      last().end()
      waits.push(ring())
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000])
    live()
    last().end()
    expect(ring()).toBe(500)
  })

  it('says since when it is lost, however often it tries', () => {
    live()
    last().end()
    ring()
    last().end()
    expect(links.filter((link) => link.kind === 'connecting')).toHaveLength(1)
    expect(links.at(-1)?.kind).toBe('lost')
  })

  it('fetches anew where it was told to', () => {
    live()
    last().say({ type: 'refetch' })
    last().end(1013)
    ring()
    expect(last().path).toBe('/v1/live?cohort=c+1')
  })

  it.each([
    ['auth_required', { kind: 'signed_out' }],
    ['problem', { kind: 'refused', reason: 'not_found' }],
  ])('does not try again after %s', (type, link) => {
    last().say({ type, reason: 'not_found' })
    expect(links.at(-1)).toEqual(link)
    expect(timers.size).toBe(0)
    expect(last().closed).toBe(true)
  })

  it('knows by the code that the session ended, or that it may not', () => {
    live()
    last().end(4401)
    expect(links.at(-1)).toEqual({ kind: 'signed_out' })
    watching.open()
    last().end(4404)
    expect(links.at(-1)).toEqual({ kind: 'refused', reason: '' })
  })

  it('gives up a socket that opens and says nothing', () => {
    ring()
    expect(last().closed).toBe(true)
    expect(links.at(-1)?.kind).toBe('lost')
  })

  it('closes when nobody looks, hears nothing after that, and goes on where it was', () => {
    live()
    const old = last()
    watching.close()
    expect(old.closed).toBe(true)
    old.say({ type: 'change', position: 'p9', values: { as_of: 'z' } })
    old.end()
    expect(states).toEqual([state])
    expect(timers.size).toBe(0)
    watching.open()
    expect(last().path).toBe('/v1/live?cohort=c+1&after=p1')
  })
})
