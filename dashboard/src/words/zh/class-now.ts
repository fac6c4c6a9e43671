// The page of the class that is on.
export const classNow = {
  title: '课堂',
}
