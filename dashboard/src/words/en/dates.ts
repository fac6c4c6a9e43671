// Dates as people say them.
import type { zh } from '../zh'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const day = (date: string): string => `${Number(date.slice(8, 10))} ${MONTHS[Number(date.slice(5, 7)) - 1] ?? ''}`

export const dates: typeof zh.dates = {
  day,
  short: day,
  weekday: (weekday) => DAYS[weekday - 1] ?? '',
  halfDays: { morning: 'morning', afternoon: 'afternoon', evening: 'evening' },
  hour: (n) => `Hour ${n}`,
}
