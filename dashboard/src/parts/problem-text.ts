// What a failure is called, in a sentence: the service's own words where it has some in the language chosen. Never:
// decides anything by them.
import { Problem } from '@/live/ask'
import type { Words } from '@/words/words'
import { currentLanguage } from '@/words/words'
import { detailIn, hasChinese, titleIn } from './languages'

export function problemText(error: unknown, words: Words): string {
  if (!(error instanceof Problem)) return words.frame.unexpected(0)
  if (error.reason === 'unreachable') return words.frame.unreachable
  const title = titleIn(error.title, currentLanguage.value)
  return [title, detail(error, words)].filter(Boolean).join(' — ') || words.frame.unexpected(error.status)
}

/** The two that people meet have a sentence here, for the service's is in English alone. What else it says in English
 * alone is shown all the same: it names what is wrong. */
function detail({ reason, detail: said }: Problem, words: Words): string {
  if (said && hasChinese(said)) return detailIn(said, currentLanguage.value)
  if (reason === 'not_found') return words.frame.nothingHere
  if (reason === 'forbidden') return words.frame.notYourRole
  return said ?? ''
}
