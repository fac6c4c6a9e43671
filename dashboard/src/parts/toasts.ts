// Short messages that something was done or failed: `toast(words.value.x.done)`. They stay six seconds, those of
// failures until they are closed.
import { shallowReactive } from 'vue'

export interface Toast {
  id: number
  text: string
  kind: 'done' | 'failed'
}

export const toasts = shallowReactive<Toast[]>([])
const STAY = 6_000
let last = 0

export function toast(text: string, kind: Toast['kind'] = 'done'): void {
  const id = ++last
  toasts.push({ id, text, kind })
  if (kind === 'done') setTimeout(() => drop(id), STAY)
}

export function drop(id: number): void {
  const index = toasts.findIndex((one) => one.id === id)
  if (index >= 0) toasts.splice(index, 1)
}
