// Times and durations as people read them. In: RFC 3339 or milliseconds. Out: text. Never: a rule, a clock.

const TWO = (n: number): string => String(n).padStart(2, '0')

/** 750000 -> "12:30"; over an hour "1:02:03". Below zero as zero: what is lost is said in words. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60]
  return h > 0 ? `${h}:${TWO(m)}:${TWO(s)}` : `${m}:${TWO(s)}`
}

export function instant(at: string): number {
  return Date.parse(at)
}

const formats = new Map<string, Intl.DateTimeFormat>()

function format(zone: string | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([zone, options])
  const found = formats.get(key) ?? new Intl.DateTimeFormat('zh-CN', { ...options, timeZone: zone, hourCycle: 'h23' })
  formats.set(key, found)
  return found
}

const moment = (at: string | number): number => (typeof at === 'number' ? at : Date.parse(at))

/** "10:02", in the cohort's time zone where it is told. */
export function timeOfDay(at: string | number, zone?: string): string {
  return format(zone, { hour: '2-digit', minute: '2-digit' }).format(moment(at))
}

/** "10:02:30" */
export function timeToSecond(at: string | number, zone?: string): string {
  return format(zone, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(moment(at))
}

/** "2026-05-11" */
export function day(at: string | number, zone?: string): string {
  const parts = format(zone, { year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(moment(at))
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? ''
  return `${part('year')}-${part('month')}-${part('day')}`
}

/** "2026-05-11 10:02" */
export function dayAndTime(at: string | number, zone?: string): string {
  return `${day(at, zone)} ${timeOfDay(at, zone)}`
}
