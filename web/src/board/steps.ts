import type { KeyboardCoordinateGetter } from '@dnd-kit/core'

const INSIDE = 12

/** With the arrow keys a lead goes from one column to the next, and not by pixels. */
export const byColumns: KeyboardCoordinateGetter = (event, { context, currentCoordinates }) => {
  const step = event.code === 'ArrowRight' ? 1 : event.code === 'ArrowLeft' ? -1 : 0
  if (step === 0) return undefined
  event.preventDefault()
  const columns = [...context.droppableRects.entries()].sort(([, a], [, b]) => a.left - b.left)
  const here = columns.findIndex(([id]) => id === context.over?.id)
  const next = columns[here + step]
  if (next === undefined) return currentCoordinates
  const [, { left, top }] = next
  return { x: left + INSIDE, y: top + INSIDE }
}
