// One message of the live socket applied to what is known: a new state, or the same where nothing changed.
//
// In: a state and a message, as docs/wire.md has them under "Live". Out: the state after it; rows that did not
// change stay the same objects, so that only what changed is drawn anew. Never: touches the state it was given,
// knows a socket, adds anything up.
import type { Change, LiveState, Message } from './state'

type Loose = Record<string, unknown>
type Row = { id: string }

/** The state after `message`; `null` while there is none, which only a snapshot changes. */
export function apply(state: LiveState | null, message: Message): LiveState | null {
  if (message.type === 'snapshot') return message.state
  if (message.type === 'change' && state) return changed(state, message)
  return state
}

function changed(state: LiveState, change: Change): LiveState {
  const next: Loose = { ...state, ...change.values }
  for (const key of change.gone ?? []) delete next[key]
  for (const [key, rows] of Object.entries(change.rows ?? {})) {
    next[key] = listOf(next, key).map((row) => rows[(row as Row).id] ?? row)
  }
  for (const [key, [at, gone, come]] of Object.entries(change.lists ?? {})) {
    const list = listOf(next, key)
    next[key] = [...list.slice(0, at), ...come, ...list.slice(at + gone)]
  }
  return next as unknown as LiveState
}

function listOf(state: Loose, key: string): unknown[] {
  const list = state[key]
  return Array.isArray(list) ? list : []
}
