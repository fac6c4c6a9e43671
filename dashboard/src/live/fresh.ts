// Asks a page's answer anew when the live socket says that somebody's hours or the cohort's file changed.
//
// In: a cohort, the answer shown, how to ask anew. Out: nothing. At most once in PAUSE, and only while somebody looks.
// Never: reads anything out of the live state itself.
import { onScopeDispose, watch, type MaybeRefOrGetter, type ShallowRef } from 'vue'
import { useCohort } from './cohort'
import type { LiveState } from './state'

const PAUSE = 8_000

export function useFresh(
  cohort: MaybeRefOrGetter<string>,
  told: Readonly<ShallowRef<{ position: string } | null>>,
  again: () => Promise<void>,
  /** What else of the live state calls for asking anew. */
  also: (state: LiveState) => unknown = () => null,
): void {
  const live = useCohort(cohort)
  let timer: number | null = null
  let last = 0

  function soon(): void {
    if (timer !== null) return
    const wait = Math.max(300, last + PAUSE - Date.now())
    timer = window.setTimeout(() => {
      timer = null
      last = Date.now()
      void again()
    }, wait)
  }

  watch(
    () => {
      const { state } = live.value
      return state && [state.people, state.version, also(state)]
    },
    (now, before) => {
      if (!now || !told.value) return
      // The first snapshot may say nothing new.
      if (!before && live.value.state?.position === told.value.position) return
      if (!before || now.some((one, i) => one !== before[i])) soon()
    },
  )
  onScopeDispose(() => {
    if (timer !== null) window.clearTimeout(timer)
  })
}
