// The page of cohorts.
import type { Standing } from '@/live/state'

/** What a number of trainees is under. */
const standings: Record<Standing, string> = {
  met: '已达标',
  on_track: '可达标',
  at_risk: '有风险',
  short: '未达标',
  unrecoverable: '已无法达标',
}

export const cohorts = {
  title: '班次',
  none: '还没有给您班次',
  noneWhy: '请管理员把班次给您。还没有班次时，先用命令行导入：monitor cohort import。',
  search: '查找班次',
  noMatch: '没有这样的班次',
  trainees: (count: number) => `${count} 名学员`,
  planned: (hours: number, seminar: number) => `计划 ${hours} 学时，研讨、交流 ${seminar} 学时`,
  rate: '出勤率',
  standings,
  now: '正在上课',
  noClass: '现在没有课',
  next: (day: string, time: string, course: string) => `下一学时 ${day} ${time}　${course}`,
  noNext: '课表已全部完成',
  danger: (count: number) => `${count} 人现在提醒还来得及`,
  lost: (count: number) => `${count} 人本学时已无法达标`,
  quiet: '平台无数据',
  until: (time: string) => `至 ${time}`,
  more: '显示更多',
}
