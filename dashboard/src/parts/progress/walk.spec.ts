import { describe, expect, it } from 'vitest'
import { walked } from './walk'

const size = { rows: 10, cols: 5, page: 4 }
const from = (key: string, ctrl = false) => walked(key, ctrl, { row: 4, col: 2 }, size)

describe('the keys of a grid', () => {
  it('lead one cell further, a page, or to an end', () => {
    expect(from('ArrowLeft')).toEqual({ row: 4, col: 1 })
    expect(from('ArrowRight')).toEqual({ row: 4, col: 3 })
    expect(from('ArrowUp')).toEqual({ row: 3, col: 2 })
    expect(from('ArrowDown')).toEqual({ row: 5, col: 2 })
    expect(from('PageDown')).toEqual({ row: 8, col: 2 })
    expect(from('Home')).toEqual({ row: 4, col: 0 })
    expect(from('End')).toEqual({ row: 4, col: 4 })
    expect(from('Home', true)).toEqual({ row: 0, col: 0 })
    expect(from('End', true)).toEqual({ row: 9, col: 4 })
  })
  it('never lead out of it', () => {
    expect(from('PageUp')).toEqual({ row: 0, col: 2 })
    expect(walked('ArrowDown', false, { row: 9, col: 4 }, size)).toEqual({ row: 9, col: 4 })
    expect(walked('ArrowRight', false, { row: 9, col: 4 }, size)).toEqual({ row: 9, col: 4 })
  })
  it('are left alone where they do not walk', () => {
    expect([from('Enter'), from('Tab'), from('a')]).toEqual([null, null, null])
  })
})
