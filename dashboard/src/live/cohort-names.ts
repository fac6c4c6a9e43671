// What the cohorts of this session are called. In: nothing. Out: `useCohortNames()`: names by id, empty until they are
// known. Asked once a session, and again for an id that is not among them. Never: keeps a page waiting; without a name
// the id is shown.
import { shallowRef, toValue, watch, type MaybeRefOrGetter, type ShallowRef } from 'vue'
import { everyPage } from './every-page'
import { session } from './session'

const names = shallowRef<ReadonlyMap<string, string>>(new Map())
let whose: string | null = null
let asking: Promise<void> | null = null

async function learn(): Promise<void> {
  const asker = whose
  try {
    const lines = await everyPage<{ id: string; name: string | null }>('/v1/cohorts', 'cohorts')
    if (asker === whose) names.value = new Map(lines.map((line) => [line.id, line.name ?? line.id]))
  } catch {
    // The page itself says what failed; whoever needs a name next asks again.
  }
  asking = null
}

/** The names by id; those of `needed` are asked for where they are not known. */
export function useCohortNames(needed: MaybeRefOrGetter<readonly string[]>): Readonly<ShallowRef<ReadonlyMap<string, string>>> {
  watch(
    () => [session.value?.session ?? null, ...toValue(needed)] as const,
    ([current, ...ids]) => {
      if (current !== whose) names.value = new Map()
      whose = current
      if (current !== null && ids.some((id) => id !== null && !names.value.has(id))) asking ??= learn()
    },
    { immediate: true },
  )
  return names
}
