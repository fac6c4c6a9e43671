// The words of the rules: states, categories, verdicts, reasons, standings, kinds.
import type { Category, Doing, Kind, Reason, Standing, Verdict } from '@/live/state'

const doing: Record<Doing, string> = {
  camera_on: '在教室 · 摄像头开',
  camera_off: '摄像头关',
  no_evidence: '无证据',
  not_in_room: '不在教室',
  signed_in: '已签到',
  signed_out: '已签退',
  not_signed_in: '未签到',
}
/** For a tile. */
const doingShort: Record<Doing, string> = { ...doing, camera_on: '摄像头开' }
const categories: Record<Category, string> = {
  valid: '有效',
  camera_off: '摄像头关',
  no_evidence: '无证据',
  not_in_room: '不在教室',
  awaiting: '等待心跳',
  open: '待定',
  late: '迟到',
  no_sign_in: '未签到',
  left_early: '早退',
  overlap: '重复时段',
  ahead: '未到',
  not_enrolled: '不在名单',
}
const verdicts: Record<Verdict, string> = {
  credited: '已计入',
  refused: '未计入',
  pending: '待定',
  live: '进行中',
  upcoming: '未开始',
  not_countable: '不计学时',
  not_enrolled: '不在班',
}
const reasons: Record<Reason, string> = {
  camera_off: '摄像头关',
  no_evidence: '无证据',
  not_in_room: '不在教室',
  open: '待定',
  no_sign_in: '未签到',
  late: '迟到',
  left_early: '早退',
  overlap: '重复时段',
  over_daily_cap: '超过每日上限',
  manual: '人工更正',
}
const standings: Record<Standing, string> = {
  met: '已达标',
  on_track: '可达标',
  at_risk: '有风险',
  short: '未达标',
  unrecoverable: '已无法达标',
}

const kinds: Record<Kind, string> = {
  lecture: '授课',
  practice: '实操',
  discussion: '研讨',
  exchange: '交流',
  visit: '参观考察',
  opening: '开班动员',
  closing: '结业仪式',
  summary_guidance: '辅导撰写总结',
  exam: '考试',
  self_study: '自学',
}

export const law = { doing, doingShort, categories, verdicts, reasons, standings, kinds }
