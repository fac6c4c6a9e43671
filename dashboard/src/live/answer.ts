// One door's answer for as long as a component lives: asked when its address changes, and again when told to.
//
// In: an address, or null for none. Out: `told` (kept while it is asked anew), `failed`. An answer that comes
// after the address changed is dropped. Never: asks by itself on a clock.
import { onScopeDispose, shallowRef, toValue, watch, type MaybeRefOrGetter, type ShallowRef } from 'vue'
import { ask } from './ask'

export interface Answered<Answer> {
  told: Readonly<ShallowRef<Answer | null>>
  failed: Readonly<ShallowRef<unknown>>
  /** Asks anew; what is shown stays until the answer is there. */
  again(): Promise<void>
}

export function useAnswer<Answer>(address: MaybeRefOrGetter<string | null>): Answered<Answer> {
  const told = shallowRef<Answer | null>(null)
  const failed = shallowRef<unknown>(null)
  let asking: AbortController | null = null

  async function again(): Promise<void> {
    asking?.abort()
    asking = null
    const path = toValue(address)
    if (path === null) return
    const mine = (asking = new AbortController())
    try {
      const answer = await ask<Answer>('GET', path, undefined, mine.signal)
      if (mine.signal.aborted) return
      told.value = answer
      failed.value = null
    } catch (error) {
      if (!mine.signal.aborted) failed.value = error
    }
  }

  watch(
    () => toValue(address),
    () => {
      told.value = null
      failed.value = null
      void again()
    },
    { immediate: true },
  )
  onScopeDispose(() => asking?.abort())
  return { told, failed, again }
}
