// The page of cohorts.
import type { zh } from '../zh'

export const cohorts: typeof zh.cohorts = {
  title: 'Cohorts',
  none: 'No cohort was given to you yet',
  noneWhy: 'Ask an administrator to give you one, or a clerk to import its file.',
}
