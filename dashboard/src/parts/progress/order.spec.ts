import { describe, expect, it } from 'vitest'
import type { ProgressPerson } from '@/live/facts'
import { chosen } from './order'

const one = (id: string, name: string, standing: ProgressPerson['standing'], spare: number, credited = 0): ProgressPerson =>
  ({ id, name, standing, spare, spare_seminar: 8, possible: 80, credited }) as ProgressPerson
const people = [
  one('t01', '王五', 'on_track', 4, 9),
  one('t02', '张三', 'at_risk', 3, 8),
  one('t03', '李四', 'unrecoverable', 0, 2),
  one('t04', '赵六', 'at_risk', 1, 7),
]
const ids = (...given: Parameters<typeof chosen>): string[] => chosen(...given).map((person) => person.id)

describe('whom the page of progress shows', () => {
  it('has those in need first, and of these who may miss the fewest', () => {
    expect(ids(people, null, '', 'need')).toEqual(['t03', 't04', 't02', 't01'])
  })
  it('orders by id, hours and name', () => {
    expect(ids(people, null, '', 'id')).toEqual(['t01', 't02', 't03', 't04'])
    expect(ids(people, null, '', 'hours')).toEqual(['t03', 't04', 't02', 't01'])
    expect(chosen(people, null, '', 'name').map((person) => person.name)).toEqual(['李四', '王五', '张三', '赵六'])
  })
  it('leaves those of a standing, and those whose name or id has what is sought', () => {
    expect(ids(people, 'at_risk', '', 'id')).toEqual(['t02', 't04'])
    expect(ids(people, null, ' 张 ', 'id')).toEqual(['t02'])
    expect(ids(people, null, 'T03', 'id')).toEqual(['t03'])
    expect(ids(people, 'met', '', 'id')).toEqual([])
  })
  it('never touches the list it was given', () => {
    chosen(people, null, '', 'need')
    expect(people.map((person) => person.id)).toEqual(['t01', 't02', 't03', 't04'])
  })
})
