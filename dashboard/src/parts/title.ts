// The title of the browser's tab: `useTitle(() => words.value.cohorts.title)`. In: what the page is called. Never: more.
import { onScopeDispose, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { useWords } from '@/words/words'

export function useTitle(title: MaybeRefOrGetter<string>): void {
  const words = useWords()
  const stop = watch(
    () => [toValue(title), words.value.frame.product].filter(Boolean).join(' · '),
    (text) => (document.title = text),
    { immediate: true },
  )
  onScopeDispose(stop)
}
