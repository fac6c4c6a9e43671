// What a failure is called, in a sentence: the service's own words where it has some. Never: decides anything by them.
import { Problem } from '@/live/ask'
import type { Words } from '@/words/words'

export function problemText(error: unknown, words: Words): string {
  if (!(error instanceof Problem)) return words.frame.unexpected(0)
  if (error.reason === 'unreachable') return words.frame.unreachable
  return [error.title, error.detail].filter(Boolean).join(' — ') || words.frame.unexpected(error.status)
}
