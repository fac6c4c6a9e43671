// What a component asks for: a cohort as it is now, and how the link stands. One socket a cohort, shared by
// all components that look at it, open only while one does and the page can be seen.
//
//   const { state, link } = useCohort(() => props.cohort)
//
// `state` is null until the first snapshot. States come at most ten times a second. Never: draws, decides.
import { onScopeDispose, shallowReactive, shallowRef, toValue, watch as onChange, type MaybeRefOrGetter, type ShallowRef } from 'vue'
import type { LiveState } from './state'
import { watch, type Link, type Watch } from './watch'

export interface Cohort {
  state: LiveState | null
  link: Link
  /** Try again at once. */
  retry(): void
}

interface Shared extends Cohort {
  watch: Watch
  lookers: number
  forget: number | null
}

/** So long a cohort that nobody looks at is remembered, so that going back and forth between pages costs nothing. */
const REMEMBERED = 120_000
/** So long a page may be hidden before its socket is closed. */
const HIDDEN = 60_000
/** Changes within so many milliseconds are drawn together. */
const TOGETHER = 100

const known = new Map<string, Shared>()

/** The cohort of that id, watched while the calling component lives. */
export function useCohort(id: MaybeRefOrGetter<string>): Readonly<ShallowRef<Cohort>> {
  const found = shallowRef<Cohort>({ state: null, link: { kind: 'connecting' }, retry: () => undefined })
  let current: string | null = null
  const stop = onChange(
    () => toValue(id),
    (next) => {
      if (current !== null) leave(current)
      current = next
      found.value = look(next)
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    stop()
    if (current !== null) leave(current)
  })
  return found
}

function look(id: string): Shared {
  const shared = known.get(id) ?? begin(id)
  shared.lookers++
  if (shared.forget !== null) window.clearTimeout(shared.forget)
  shared.forget = null
  if (!document.hidden) shared.watch.open()
  return shared
}

function leave(id: string): void {
  const shared = known.get(id)
  if (!shared || --shared.lookers > 0) return
  shared.watch.close()
  shared.forget = window.setTimeout(() => known.delete(id), REMEMBERED)
}

function begin(id: string): Shared {
  let waiting: LiveState | null = null
  let drawn = 0
  const show = (): void => {
    drawn = performance.now()
    shared.state = waiting
    waiting = null
  }
  const watching = watch(id, {
    state(state) {
      // The first change is drawn with the next frame, fifty a second together, ten times a second.
      if (waiting === null) soon(show, drawn + TOGETHER - performance.now())
      waiting = state
    },
    link: (link) => (shared.link = link),
  })
  const shared: Shared = shallowReactive({
    state: null,
    link: { kind: 'connecting' } as Link,
    retry: () => watching.now(),
    watch: watching,
    lookers: 0,
    forget: null,
  })
  known.set(id, shared)
  return shared
}

function soon(call: () => void, wait: number): void {
  if (document.hidden || wait > 0) window.setTimeout(call, Math.max(wait, 0))
  else requestAnimationFrame(call)
}

let hiding: number | null = null
document.addEventListener('visibilitychange', () => {
  if (hiding !== null) window.clearTimeout(hiding)
  hiding = null
  const looked = [...known.values()].filter((shared) => shared.lookers > 0)
  if (document.hidden) hiding = window.setTimeout(() => looked.forEach((shared) => shared.watch.close()), HIDDEN)
  else looked.forEach((shared) => shared.watch.open())
})

/** Forgets every cohort: somebody else signs in. */
export function forgetAll(): void {
  known.forEach((shared) => shared.watch.close())
  known.clear()
}
