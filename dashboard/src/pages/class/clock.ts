// The clock that a page's tiles and cards draw by: handed down past the page itself, so that a second that passes
// draws anew what shows it and can be seen, and nothing else.
import { computed, inject, provide, ref, type InjectionKey, type Ref } from 'vue'

const CLOCK: InjectionKey<Readonly<Ref<number>>> = Symbol('clock')

/** What all below the calling component draw by (ms). */
export function handDown(now: Readonly<Ref<number>>): void {
  provide(CLOCK, now)
}

/** That clock; it stands still while `seen` is false, and is right again at once. */
export function useClassClock(seen: Readonly<Ref<boolean>> = ref(true)): Readonly<Ref<number>> {
  const now = inject(CLOCK)
  if (!now) throw new Error('no clock was handed down')
  let last = now.value
  return computed(() => (seen.value ? (last = now.value) : last))
}
