// The page of the class that is on.
import type { zh } from '../zh'

export const classNow: typeof zh.classNow = {
  title: 'Class now',
}
