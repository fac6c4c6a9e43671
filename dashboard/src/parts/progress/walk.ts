// Where a key leads in a grid. In: the key, where one is, how large the grid is. Out: where one is then, or null for
// a key that does not walk. The keys are those of the ARIA grid pattern. Never: moves the focus.
export interface Place {
  row: number
  col: number
}

export interface Size {
  rows: number
  cols: number
  /** How many rows a page has. */
  page: number
}

export function walked(key: string, ctrl: boolean, at: Place, size: Size): Place | null {
  const to = led(key, ctrl, at, size)
  if (!to) return null
  return { row: between(to.row, size.rows), col: between(to.col, size.cols) }
}

function led(key: string, ctrl: boolean, { row, col }: Place, size: Size): Place | null {
  switch (key) {
    case 'ArrowLeft':
      return { row, col: col - 1 }
    case 'ArrowRight':
      return { row, col: col + 1 }
    case 'ArrowUp':
      return { row: row - 1, col }
    case 'ArrowDown':
      return { row: row + 1, col }
    case 'PageUp':
      return { row: row - size.page, col }
    case 'PageDown':
      return { row: row + size.page, col }
    case 'Home':
      return ctrl ? { row: 0, col: 0 } : { row, col: 0 }
    case 'End':
      return ctrl ? { row: size.rows - 1, col: size.cols - 1 } : { row, col: size.cols - 1 }
    default:
      return null
  }
}

function between(n: number, count: number): number {
  return Math.max(0, Math.min(count - 1, n))
}
