// Texts of the service that hold both languages, and what is shown of them.
import { afterEach, describe, expect, it } from 'vitest'
import { Problem } from '@/live/ask'
import { en } from '@/words/en'
import { chooseLanguage } from '@/words/words'
import { zh } from '@/words/zh'
import { clauseText, detailIn, titleIn } from './languages'
import { problemText } from './problem-text'

afterEach(() => chooseLanguage('zh'))

describe('one language out of two', () => {
  it('parts a title after its last Chinese letter', () => {
    expect(titleIn('没有找到 Not found', 'zh')).toBe('没有找到')
    expect(titleIn('没有找到 Not found', 'en')).toBe('Not found')
    expect(titleIn('须以 WebSocket 连接 This door is a WebSocket', 'zh')).toBe('须以 WebSocket 连接')
    expect(titleIn('须以 WebSocket 连接 This door is a WebSocket', 'en')).toBe('This door is a WebSocket')
    expect(titleIn('Not found', 'zh')).toBe('Not found')
    expect(titleIn('没有找到', 'en')).toBe('没有找到')
  })

  it('parts a sentence that has both, and leaves one that has not', () => {
    expect(detailIn('用户已停用 · this user is disabled', 'zh')).toBe('用户已停用')
    expect(detailIn('用户已停用 · this user is disabled', 'en')).toBe('this user is disabled')
    expect(detailIn('cohort: say which · now', 'zh')).toBe('cohort: say which · now')
  })

  it('says what was not found in the language of the board alone', () => {
    const missing = new Problem(404, 'not_found', '没有找到 Not found', 'there is nothing here that you may see', null)
    expect(problemText(missing, zh)).toBe(`没有找到 — ${zh.frame.nothingHere}`)
    chooseLanguage('en')
    expect(problemText(missing, en)).toBe(`Not found — ${en.frame.nothingHere}`)
  })

  it('has words for the silence of a clause', () => {
    expect(clauseText('silent 未规定 (BJ 五(二)4)', 'zh')).toBe('未规定（参见 BJ 五(二)4）')
    expect(clauseText('silent 未规定 (BJ 五(二)4)', 'en')).toBe('the text is silent (see BJ 五(二)4)')
    expect(clauseText('silent 未规定', 'zh')).toBe('未规定')
    expect(clauseText('BJ 五(二)1', 'en')).toBe('BJ 五(二)1')
    expect(clauseText('BJ 五(二)1; silent on exam and self_study 考试、自学未规定', 'zh')).toBe('BJ 五(二)1；考试、自学未规定')
    const both = 'TZ silent 未规定; BJ 五(二)1 taken; both silent on exam and self_study 考试、自学'
    expect(clauseText(both, 'zh')).toBe('TZ 未规定；取 BJ 五(二)1；两者对考试、自学均未规定')
    expect(clauseText(both, 'en')).toBe('TZ is silent; BJ 五(二)1 taken; both silent on exam and self_study')
  })
})
