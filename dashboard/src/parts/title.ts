// The title of the browser's tab: page · class · product, in the language chosen. In: what the page is called, and the
// id of its class where it has one. Never: more.
import { onScopeDispose, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { useCohortNames } from '@/live/cohort-names'
import { useWords } from '@/words/words'

/** `useTitle(() => words.value.findings.title, () => props.cohort)` */
export function useTitle(title: MaybeRefOrGetter<string>, cohort?: MaybeRefOrGetter<string>): void {
  const words = useWords()
  const id = (): string => toValue(cohort) ?? ''
  const names = useCohortNames(() => (id() ? [id()] : []))
  const stop = watch(
    () => [toValue(title), names.value.get(id()) ?? id(), words.value.frame.product].filter(Boolean).join(' · '),
    (text) => (document.title = text),
    { immediate: true },
  )
  onScopeDispose(stop)
}
