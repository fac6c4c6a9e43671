// Whether an element can be seen, or nearly: what is far below needs not be asked for yet.
import { onMounted, onScopeDispose, ref, type Ref, type ShallowRef } from 'vue'

export function useSeen(element: Readonly<ShallowRef<HTMLElement | null>>): Readonly<Ref<boolean>> {
  const seen = ref(false)
  const observer = new IntersectionObserver((entries) => (seen.value = entries.some((one) => one.isIntersecting)), { rootMargin: '200px' })
  onMounted(() => element.value && observer.observe(element.value))
  onScopeDispose(() => observer.disconnect())
  return seen
}
