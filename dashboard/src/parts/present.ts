// 投屏: the page for a classroom screen, larger and without the frame. Set on <html> as data-screen=present.
import { readonly, ref } from 'vue'

const on = ref(false)
export const presenting = readonly(on)

export function present(): void {
  set(true)
  void document.documentElement.requestFullscreen?.().catch(() => undefined)
}

export function endPresenting(): void {
  set(false)
  if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined)
}

function set(next: boolean): void {
  on.value = next
  if (next) document.documentElement.dataset.screen = 'present'
  else delete document.documentElement.dataset.screen
}

document.addEventListener('fullscreenchange', () => {
  if (!document.fullscreenElement) set(false)
})
