import { describe, expect, it } from 'vitest'
import type { ProofTold } from '@/live/facts'
import { folded, type Line } from './runs'

let n = 0
const told = (type: string, camera?: string): ProofTold => ({
  event: { id: `e${++n}`, source: 'main', type, time: '2026-05-11T00:30:00.000Z', data: camera ? { camera } : {} },
  position: '1',
  hash: 'ab',
  connections: [],
})
const beats = (count: number, camera: string): ProofTold[] => Array.from({ length: count }, () => told('camera.heartbeat', camera))
const kinds = (lines: Line[]): (string | number)[] => lines.map((line) => (line.kind === 'fold' ? line.proofs.length : line.proof.event.type))

describe('the events behind an hour', () => {
  it('fold a long run of heartbeats between its first and its last', () => {
    expect(kinds(folded([told('classroom.joined'), ...beats(6, 'on'), told('camera.off')], new Set()))).toEqual([
      'classroom.joined',
      'camera.heartbeat',
      4,
      'camera.heartbeat',
      'camera.off',
    ])
  })
  it('fold those with the camera on and those with it off apart', () => {
    expect(folded([...beats(5, 'on'), ...beats(7, 'off')], new Set()).flatMap((line) => (line.kind === 'fold' ? [[line.camera, line.proofs.length]] : []))).toEqual([
      ['on', 3],
      ['off', 5],
    ])
  })
  it('stand as they are where a run is short, and where it was unfolded', () => {
    expect(folded(beats(4, 'on'), new Set()).length).toBe(4)
    const long = beats(9, 'on')
    const fold = folded(long, new Set()).find((line) => line.kind === 'fold')!
    expect(folded(long, new Set([fold.key])).map((line) => (line.kind === 'event' ? line.proof : null))).toEqual(long)
  })
  it('are all there, in their order, folded or not', () => {
    const all = [...beats(8, 'on'), told('camera.off'), ...beats(3, 'off'), told('camera.on'), ...beats(12, 'on')]
    expect(folded(all, new Set()).flatMap((line) => (line.kind === 'fold' ? line.proofs : [line.proof]))).toEqual(all)
  })
})
