// Whether an element can be seen, or nearly: what is far below needs not be asked for or drawn anew yet.
import { onMounted, onScopeDispose, ref, toValue, type MaybeRefOrGetter, type Ref } from 'vue'

const NEAR = '200px'
const told = new WeakMap<Element, (seen: boolean) => void>()
let observer: IntersectionObserver | null = null

/** One observer for all, however many tiles there are. */
function shared(): IntersectionObserver {
  observer ??= new IntersectionObserver((entries) => entries.forEach((one) => told.get(one.target)?.(one.isIntersecting)), {
    rootMargin: NEAR,
  })
  return observer
}

export function useSeen(element: MaybeRefOrGetter<Element | null>): Readonly<Ref<boolean>> {
  const seen = ref(false)
  let watched: Element | null = null
  onMounted(() => {
    watched = toValue(element)
    if (watched === null) return
    told.set(watched, (now) => (seen.value = now))
    shared().observe(watched)
  })
  onScopeDispose(() => watched && shared().unobserve(watched))
  return seen
}
