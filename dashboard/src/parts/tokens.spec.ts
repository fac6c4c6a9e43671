import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/** Tokens of a theme: those of :root, and what the dark theme sets anew. */
function tokens(theme: 'light' | 'dark'): Map<string, string> {
  const css = readFileSync('src/parts/tokens.css', 'utf8')
  const blocks = [...css.matchAll(/^(:root|\[data-theme="dark"\]) \{([^}]*)\}/gm)]
  const found = new Map<string, string>()
  for (const [, selector, body] of blocks) {
    if (selector !== ':root' && theme === 'light') continue
    for (const [, name, value] of body!.matchAll(/--([\w-]+): ([^;]+);/g)) found.set(name!, value!)
  }
  return found
}

/** Relative luminance, as WCAG 2.2 defines it. */
function luminance(colour: string): number {
  const hex = colour.length === 4 ? [...colour.slice(1)].map((one) => one + one).join('') : colour.slice(1)
  const [r, g, b] = [0, 2, 4].map((place) => {
    const part = parseInt(hex.slice(place, place + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}

function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (light! + 0.05) / (dark! + 0.05)
}

const TEXT = ['ink', 'ink-2', 'ink-3', 'valid', 'off', 'gap', 'out', 'open', 'late']
const GROUNDS = ['ground', 'paper', 'sunk']
const OWN = ['valid', 'off', 'gap', 'out', 'open', 'late'].map((name) => [name, `${name}-soft`])

describe.each(['light', 'dark'] as const)('tokens, %s', (theme) => {
  const found = tokens(theme)
  const measured = (text: string, ground: string): number => contrast(found.get(text)!, found.get(ground)!)

  it('are text that can be read on every ground (4.5 : 1)', () => {
    const pairs = [...TEXT.flatMap((text) => GROUNDS.map((ground) => [text, ground])), ...OWN, ['on-fill', 'valid']]
    const weak = pairs.map(([text, ground]) => [text, ground, measured(text!, ground!)] as const).filter(([, , ratio]) => ratio < 4.5)
    expect(weak).toEqual([])
  })
  it('are areas and lines of controls that can be seen (3 : 1)', () => {
    const fills = ['valid-fill', 'off-fill', 'gap-fill', 'out-fill', 'open-fill', 'late-fill', 'line-strong']
    const weak = fills.map((fill) => [fill, measured(fill, 'paper')] as const).filter(([, ratio]) => ratio < 3)
    expect(weak).toEqual([])
  })
})
