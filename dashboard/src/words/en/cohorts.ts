// The page of cohorts.
import type { zh } from '../zh'

export const cohorts: typeof zh.cohorts = {
  title: 'Cohorts',
  none: 'No cohort was given to you yet',
  noneWhy: 'Ask an administrator to give you one. Where there is none yet, it is imported by command line: monitor cohort import.',
  search: 'Find a cohort',
  noMatch: 'There is no such cohort',
  trainees: (count) => `${count} trainees`,
  planned: (hours, seminar) => `${hours} hours planned, ${seminar} of them discussion or exchange`,
  rate: 'Attendance rate',
  standings: {
    met: 'met',
    on_track: 'on track',
    at_risk: 'at risk',
    short: 'short',
    unrecoverable: 'out of reach',
  },
  now: 'On now',
  noClass: 'No class now',
  next: (day, time, course) => `Next ${day} ${time}, ${course}`,
  noNext: 'The timetable is done',
  danger: (count) => (count === 1 ? 'A word helps 1 trainee now' : `A word helps ${count} trainees now`),
  lost: (count) => (count === 1 ? '1 trainee can’t make this hour' : `${count} trainees can’t make this hour`),
  quiet: 'No data from the platform',
  until: (time) => `until ${time}`,
  more: 'Show more',
}
