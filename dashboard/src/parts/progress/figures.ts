// The class day by day as an ECharts option. In: days as the service tells them, words, colours. Out: the option: at
// the top the rate of each day and the rate so far, below how many were there. Never: a figure of its own.
import type { EChartsCoreOption } from 'echarts/core'
import type { ProgressDay } from '@/live/facts'
import type { Words } from '@/words/words'

export interface Colours {
  ink: string
  quiet: string
  line: string
  paper: string
  day: string
  soFar: string
  present: string
  absent: string
  font: string
  size: number
}

const rate = (text: string | null): number | null => (text === null ? null : Number(text))

export function figures(days: readonly ProgressDay[], words: Words, colours: Colours, still: boolean): EChartsCoreOption {
  const says = words.progress.days
  const axis = {
    data: days.map((day) => words.dates.short(day.date)),
    axisLine: { lineStyle: { color: colours.line } },
    axisTick: { show: false },
    axisLabel: { color: colours.quiet, fontSize: colours.size },
  }
  const value = {
    axisLabel: { color: colours.quiet, fontSize: colours.size },
    splitLine: { lineStyle: { color: colours.line } },
    nameTextStyle: { color: colours.quiet, fontSize: colours.size, align: 'left' as const },
  }
  return {
    animation: !still,
    textStyle: { fontFamily: colours.font, color: colours.ink },
    aria: { enabled: true, label: { description: says.chart }, decal: { show: true } },
    tooltip: {
      trigger: 'axis',
      renderMode: 'richText',
      backgroundColor: colours.paper,
      borderColor: colours.line,
      textStyle: { color: colours.ink, fontSize: colours.size },
    },
    axisPointer: { link: [{ xAxisIndex: 'all' }] },
    legend: { top: 0, left: 0, itemGap: 10, itemWidth: 18, textStyle: { color: colours.ink, fontSize: colours.size } },
    grid: [
      { left: 52, right: 16, top: 62, height: '42%' },
      { left: 52, right: 16, bottom: 28, height: '22%' },
    ],
    xAxis: [
      { ...axis, type: 'category', gridIndex: 0, axisLabel: { show: false } },
      { ...axis, type: 'category', gridIndex: 1 },
    ],
    yAxis: [
      { ...value, type: 'value', gridIndex: 0, scale: true, max: 100, name: '%' },
      { ...value, type: 'value', gridIndex: 1, min: 0, minInterval: 1, splitNumber: 2, name: says.people },
    ],
    series: [
      {
        name: says.rate,
        type: 'line',
        data: days.map((day) => rate(day.rate)),
        symbol: 'circle',
        symbolSize: 9,
        lineStyle: { width: 2, color: colours.day, type: 'dashed' },
        itemStyle: { color: colours.day },
      },
      {
        name: says.rateSoFar,
        type: 'line',
        data: days.map((day) => rate(day.rate_so_far)),
        symbol: 'emptyDiamond',
        symbolSize: 11,
        lineStyle: { width: 3, color: colours.soFar },
        itemStyle: { color: colours.soFar },
      },
      {
        name: says.present,
        type: 'bar',
        xAxisIndex: 1,
        yAxisIndex: 1,
        barMaxWidth: 34,
        data: days.map((day) => day.present),
        itemStyle: { color: colours.present, borderRadius: [4, 4, 0, 0] },
        label: { show: true, position: 'top', color: colours.ink, fontSize: colours.size },
      },
    ],
  }
}
