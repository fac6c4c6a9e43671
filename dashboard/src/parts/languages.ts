// One language out of the service's texts that hold both. In: "没有找到 Not found", "… · …", a clause. Out: the part in
// the language asked for; the whole where there is no such part, for what was said must not get lost. Never: a meaning.
import type { Language } from '@/words/words'

const CHINESE = /[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]/
const BOTH = ' · '

/** A problem's title: Chinese, a space, English. */
export function titleIn(title: string, language: Language): string {
  const last = [...title].findLastIndex((letter) => CHINESE.test(letter))
  if (last < 0) return title
  const letters = [...title]
  const parts = { zh: letters.slice(0, last + 1).join(''), en: letters.slice(last + 1).join('').trim() }
  return parts[language] || title
}

/** A problem's sentence: "Chinese · English", or in one language alone. */
export function detailIn(detail: string, language: Language): string {
  const at = detail.indexOf(BOTH)
  if (at < 0 || !CHINESE.test(detail.slice(0, at))) return detail
  return language === 'zh' ? detail.slice(0, at) : detail.slice(at + BOTH.length)
}

/** Whether a sentence has anything for who reads Chinese. */
export const hasChinese = (text: string): boolean => CHINESE.test(text)

/** How a clause is written in monitor/hours/rules, and how it reads in each language; a law's number stays as it is. */
const SILENCES: [RegExp, Record<Language, string>][] = [
  [/^both silent on (.+?) (\S*[\u4e00-\u9fff]\S*)$/, { zh: '两者对$2均未规定', en: 'both silent on $1' }],
  [/^silent on (.+?) (\S*[\u4e00-\u9fff]\S*)$/, { zh: '$2', en: 'silent on $1' }],
  [/^silent 未规定 \((.+)\)$/, { zh: '未规定（参见 $1）', en: 'the text is silent (see $1)' }],
  [/^silent 未规定$/, { zh: '未规定', en: 'the text is silent' }],
  [/^([A-Z]+) silent 未规定$/, { zh: '$1 未规定', en: '$1 is silent' }],
  [/^(.+) taken$/, { zh: '取 $1', en: '$1 taken' }],
]

/** "silent 未规定 (BJ 五(二)4)" as "未规定（参见 BJ 五(二)4）". */
export function clauseText(clause: string, language: Language): string {
  const said = clause.split('; ').map((part) => {
    const found = SILENCES.find(([pattern]) => pattern.test(part))
    return found ? part.replace(found[0], found[1][language]) : part
  })
  return said.join(language === 'zh' ? '；' : '; ')
}
