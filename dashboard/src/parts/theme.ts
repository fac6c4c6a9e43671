// Light, dark, or as the system has it: chosen, remembered, set on <html> as data-theme. Never: a colour.
import { readonly, ref } from 'vue'

export type Theme = 'system' | 'light' | 'dark'
export const THEMES: readonly Theme[] = ['system', 'light', 'dark']

const theme = ref<Theme>(kept())
const system = matchMedia('(prefers-color-scheme: dark)')

export const currentTheme = readonly(theme)

export function chooseTheme(next: Theme): void {
  theme.value = next
  try {
    localStorage.setItem('theme', next)
  } catch {
    // A browser that keeps nothing forgets the choice.
  }
  set()
}

function kept(): Theme {
  try {
    const found = localStorage.getItem('theme')
    return found === 'light' || found === 'dark' ? found : 'system'
  } catch {
    return 'system'
  }
}

function set(): void {
  const dark = theme.value === 'dark' || (theme.value === 'system' && system.matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
}

system.addEventListener('change', set)
set()
