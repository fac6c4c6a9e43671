// The words of the board: Chinese first, English by a switch, remembered. In: a language. Out: `useWords()`.
// Never: a word that is not in both: `en` has the type of `zh`, so that a missing one does not compile.
import { computed, readonly, ref, type ComputedRef } from 'vue'
import { en } from './en'
import { zh } from './zh'

export type Language = 'zh' | 'en'
export type Words = typeof zh

const WORDS: Record<Language, Words> = { zh, en }
const language = ref<Language>(document.documentElement.lang === 'en' ? 'en' : 'zh')
const words = computed(() => WORDS[language.value])

/** The words in the language chosen: `const words = useWords()`, in a template `{{ words.frame.signOut }}`. */
export function useWords(): ComputedRef<Words> {
  return words
}

export const currentLanguage = readonly(language)

export function chooseLanguage(next: Language): void {
  language.value = next
  document.documentElement.lang = next === 'en' ? 'en' : 'zh-CN'
  try {
    localStorage.setItem('language', next)
  } catch {
    // A browser that keeps nothing forgets the choice.
  }
}
