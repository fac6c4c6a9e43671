// The page of cohorts.
export const cohorts = {
  title: '班次',
  none: '还没有给您班次',
  noneWhy: '请管理员把班次给您，或由经办导入班次文件。',
}
