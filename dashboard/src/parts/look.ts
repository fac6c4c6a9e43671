// How a verdict looks in little room: the class of its cell and the one letter in it. The same in the heat map, the
// calendar and on paper. In: a verdict and its reason. Never: judges.
import type { Reason, Verdict } from '@/live/state'
import type { Words } from '@/words/words'

/** For `cells.css`: what was refused looks as its reason does on a strip. */
export function look(verdict: Verdict, reason: Reason | null): string {
  return verdict === 'refused' && reason ? `vc vc-refused vc-${reason}` : `vc vc-${verdict}`
}

export function letter(words: Words, verdict: Verdict, reason: Reason | null): string {
  const { letters, marks } = words.progress
  return verdict === 'refused' && reason ? letters[reason] : marks[verdict]
}

/** "未计入 · 摄像头关" */
export function verdictWords(words: Words, verdict: Verdict, reason: Reason | null): string {
  const said = words.law.verdicts[verdict]
  return reason ? `${said} · ${words.law.reasons[reason]}` : said
}
