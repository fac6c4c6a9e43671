// The events behind an hour, with long runs of like heartbeats folded. In: events with their deliveries, in order.
// Out: what stands in the table, line by line. Never: leaves an event out; what is folded can be unfolded.
import type { ProofTold } from '@/live/facts'

export type Line = { kind: 'event'; proof: ProofTold } | { kind: 'fold'; key: string; camera: string; proofs: ProofTold[] }

/** A run shorter than this stands as it is. */
const LEAST = 5

export function keyOfEvent({ event }: ProofTold): string {
  return `${event.source}/${event.id}`
}

/** What its camera is, of a heartbeat. */
function beatOf({ event }: ProofTold): string | null {
  const camera = event.type === 'camera.heartbeat' ? event.data?.camera : null
  return typeof camera === 'string' ? camera : null
}

/** The first and the last of a run stand; those between are one line, unless `open` has its key. */
export function folded(proofs: readonly ProofTold[], open: ReadonlySet<string>): Line[] {
  const lines: Line[] = []
  let run: ProofTold[] = []
  let camera: string | null = null
  const end = (): void => {
    const middle = run.slice(1, -1)
    const [first, last] = [run[0], run[run.length - 1]]
    if (run.length < LEAST || !first || !last || open.has(keyOfEvent(middle[0]!))) {
      lines.push(...run.map((proof) => ({ kind: 'event' as const, proof })))
    } else {
      lines.push({ kind: 'event', proof: first })
      lines.push({ kind: 'fold', key: keyOfEvent(middle[0]!), camera: camera ?? '', proofs: middle })
      lines.push({ kind: 'event', proof: last })
    }
    run = []
  }
  for (const proof of proofs) {
    const beat = beatOf(proof)
    if (beat !== camera) end()
    camera = beat
    if (beat !== null) run.push(proof)
    else lines.push({ kind: 'event', proof })
  }
  end()
  return lines
}
