// English, all sections; a section or word that zh has and this has not does not compile.
import { classNow } from './en/class-now'
import { cohorts } from './en/cohorts'
import { dates } from './en/dates'
import { findings } from './en/findings'
import { frame } from './en/frame'
import { inbox } from './en/inbox'
import { law } from './en/law'
import { oneTrainee } from './en/one-trainee'
import { progress } from './en/progress'
import { signIn } from './en/sign-in'
import { users } from './en/users'
import type { zh } from './zh'

export const en: typeof zh = {
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
