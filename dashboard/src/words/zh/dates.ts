// Dates as people say them. In: "2026-05-11", the weekday from 1 for Monday to 7.
const parts = (date: string): [number, number] => [Number(date.slice(5, 7)), Number(date.slice(8, 10))]

export const dates = {
  /** 5月11日 */
  day: (date: string) => `${parts(date)[0]}月${parts(date)[1]}日`,
  /** 5/11, where there is little room */
  short: (date: string) => `${parts(date)[0]}/${parts(date)[1]}`,
  weekday: (weekday: number) => `周${'一二三四五六日'[weekday - 1] ?? ''}`,
  halfDays: { morning: '上午', afternoon: '下午', evening: '晚上' },
  /** The how-manieth class hour of its day. */
  hour: (n: number) => `第 ${n} 学时`,
}
