// The service's clock as near as the browser can tell, once a second, for as long as somebody draws a clock.
//
// In: the Date header of each answer. Out: `useNow()`, milliseconds since 1970, whole seconds. Never: decides
// anything by it; clocks are drawn with it, and what they mean comes from the service.
import { onScopeDispose, readonly, ref, type Ref } from 'vue'

const SECOND = 1_000
let behindMost = -Infinity
let behindLeast = Infinity

/** Takes in an answer's Date header; the request was sent and answered at these local times (ms). */
export function tellDate(date: string | null, sent: number, answered: number): void {
  const at = date === null ? NaN : Date.parse(date)
  if (Number.isNaN(at)) return
  // The header is cut to the second: the service's clock stood in [at, at + 1 s) when it was written.
  const least = at - answered
  const most = at + SECOND - sent
  const narrow = Math.max(behindMost, least) <= Math.min(behindLeast, most)
  behindMost = narrow ? Math.max(behindMost, least) : least
  behindLeast = narrow ? Math.min(behindLeast, most) : most
}

/** The service's clock now, in milliseconds. */
export function serviceNow(): number {
  return Date.now() + (behindMost === -Infinity ? 0 : (behindMost + behindLeast) / 2)
}

const now = ref(wholeSecond())
let lookers = 0
let timer = 0

function wholeSecond(): number {
  return Math.floor(serviceNow() / SECOND) * SECOND
}

function tick(): void {
  now.value = wholeSecond()
  timer = window.setTimeout(tick, SECOND - (serviceNow() % SECOND) + 5)
}

/** The service's clock, cut to the second, moving on while the calling component lives. */
export function useNow(): Readonly<Ref<number>> {
  if (lookers++ === 0) tick()
  onScopeDispose(() => {
    if (--lookers === 0) window.clearTimeout(timer)
  })
  return readonly(now)
}
