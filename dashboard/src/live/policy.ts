// The words of the law as the service has them: what each means, what can be done, the clause behind it.
//
// In: a policy and its digest, as every answer names them. Out: `usePolicy()`: the policy, or null until it is
// there. Asked once a digest, for a digest never changes. Never: a word of its own.
import { shallowRef, toValue, watch, type MaybeRefOrGetter, type ShallowRef } from 'vue'
import { ask } from './ask'
import type { Policy, Text } from './facts'
import { currentLanguage } from '@/words/words'

const known = new Map<string, Promise<Policy>>()

function fetched(id: string, digest: string): Promise<Policy> {
  const found = known.get(digest)
  if (found) return found
  const asked = ask<Policy>('GET', `/v1/policies/${encodeURIComponent(id)}?digest=${encodeURIComponent(digest)}`)
  known.set(digest, asked)
  // What failed is asked again by the next who needs it.
  asked.catch(() => known.delete(digest))
  return asked
}

export function usePolicy(
  mark: MaybeRefOrGetter<{ id: string; digest: string } | null | undefined>,
): Readonly<ShallowRef<Policy | null>> {
  const policy = shallowRef<Policy | null>(null)
  watch(
    () => toValue(mark)?.digest,
    async (digest) => {
      const named = toValue(mark)
      if (!named || digest === undefined || policy.value?.policy.digest === digest) return
      try {
        const told = await fetched(named.id, digest)
        if (toValue(mark)?.digest === digest) policy.value = told
      } catch {
        // The page stands without the clauses; the names of its words it has.
      }
    },
    { immediate: true },
  )
  return policy
}

/** A text in the language chosen; '' for none. */
export function inLanguage(text: Text | null | undefined): string {
  return text?.[currentLanguage.value] ?? ''
}
