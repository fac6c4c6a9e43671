// Chinese, all sections. One line a section; its words stand in zh/, those in English in en/ under the same name.
import { classNow } from './zh/class-now'
import { cohorts } from './zh/cohorts'
import { dates } from './zh/dates'
import { findings } from './zh/findings'
import { frame } from './zh/frame'
import { inbox } from './zh/inbox'
import { law } from './zh/law'
import { oneTrainee } from './zh/one-trainee'
import { progress } from './zh/progress'
import { signIn } from './zh/sign-in'
import { users } from './zh/users'

export const zh = {
  frame,
  law,
  signIn,
  cohorts,
  classNow,
  dates,
  progress,
  oneTrainee,
  findings,
  inbox,
  users,
}
