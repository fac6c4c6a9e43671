// A cohort at a glance, asked for anew every half minute while somebody sees it.
//
//   const { told, failed, load } = useOverview(() => props.id, seen)
//
// Never: adds anything up.
import { onScopeDispose, shallowRef, toValue, watch, type MaybeRefOrGetter, type Ref, type ShallowRef } from 'vue'
import { ask } from './ask'
import type { Overview } from './state'

const AGAIN = 30_000

export interface Glance {
  told: Readonly<ShallowRef<Overview | null>>
  failed: Readonly<ShallowRef<unknown>>
  load(): Promise<void>
}

export function useOverview(id: MaybeRefOrGetter<string>, seen: Readonly<Ref<boolean>>): Glance {
  const told = shallowRef<Overview | null>(null)
  const failed = shallowRef<unknown>(null)
  let timer = 0
  let over = false

  async function load(): Promise<void> {
    window.clearTimeout(timer)
    try {
      const answer = await ask<Overview>('GET', `/v1/cohorts/${encodeURIComponent(toValue(id))}/overview`)
      told.value = answer
      failed.value = null
    } catch (error) {
      // What is known stays: an overview of half a minute ago is better than none.
      if (told.value === null) failed.value = error
    }
    if (!over && seen.value) timer = window.setTimeout(again, AGAIN)
  }

  function again(): void {
    if (document.hidden) timer = window.setTimeout(again, AGAIN)
    else void load()
  }

  watch(
    seen,
    (now) => {
      if (now) void load()
      else window.clearTimeout(timer)
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    over = true
    window.clearTimeout(timer)
  })
  return { told, failed, load }
}
