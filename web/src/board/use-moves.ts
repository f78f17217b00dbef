import { useCallback, useRef, useState } from 'react'
import type { Lead } from '../leads/lead.ts'
import { forgetLists, showMoved } from '../leads/queries.ts'
import { type UsedChanges, useChanges } from '../leads/use-changes.ts'

/** Moves leads to another status: at once on the screen, and back where that is refused, or taken back. */
export function useMoves() {
  const changes = useChanges()
  const [moving, setMoving] = useState<ReadonlySet<string>>(new Set())
  const { run, undo } = changes
  const latest = useRef({ run, undo })
  latest.current = { run, undo }

  const move = useCallback(async (lead: Lead, status: string) => {
    if (lead.status === status) return
    const shown = { ...lead, status }
    setMoving((before) => new Set([...before, lead.id]))
    showMoved(lead, shown)
    const { changed, refused } = await latest.current.run([{ lead, change: { status } }])
    // What the service made of it.
    for (const { after } of changed) showMoved(shown, after)
    if (refused.length > 0) {
      showMoved(shown, lead)
      forgetLists()
    }
    setMoving((before) => new Set([...before].filter((id) => id !== lead.id)))
  }, [])

  const undoAndShow = useCallback(async () => {
    const undone = await latest.current.undo()
    for (const { before, after } of undone?.changed ?? []) showMoved(before, after)
    return undone
  }, [])

  const shown: UsedChanges = { ...changes, undo: undoAndShow }
  return { moving, move, changes: shown }
}
