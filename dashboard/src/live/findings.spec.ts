import { describe, expect, it } from 'vitest'
import { filterOf, findingsAddress, periodOf, sections, type CodeTold, type FindingNamed } from './findings'

const finding = (code: string, more: Partial<FindingNamed> = {}): FindingNamed => ({ code, at: null, ...more })

describe('findings', () => {
  it('are asked for by code, person and where the last page ended', () => {
    expect(findingsAddress('bj 1', {})).toBe('/v1/cohorts/bj%201/findings?limit=100')
    expect(findingsAddress('b', { code: 'c', person: 't01' }, 'x+y')).toBe('/v1/cohorts/b/findings?limit=100&code=c&person=t01&cursor=x%2By')
  })

  it('take their filter from the address, and nothing that is no text', () => {
    expect(filterOf({ code: 'c', person: ['a', 'b'] })).toEqual({ code: 'c', person: undefined })
    expect(filterOf({ code: '', person: 't01' })).toEqual({ code: undefined, person: 't01' })
  })

  it('stand under their code, once, across pages; a code without words stands all the same', () => {
    const told = { code: 'a', count: 3 } as CodeTold
    const found = sections([finding('a', { event: '1' }), finding('b'), finding('a', { event: '2' })], [told])
    expect(found.map((one) => [one.code, one.told?.count, one.findings.length])).toEqual([
      ['a', 3, 2],
      ['b', undefined, 1],
    ])
  })

  it('lead to a period only where they are of one, be it the first', () => {
    expect(periodOf(finding('a', { session: 's01', index: 0 }))).toBe('s01/0')
    expect(periodOf(finding('a', { session: 's01' }))).toBeNull()
  })
})
