import { useCallback, useEffect, useRef, useState } from 'react'
import { type Changes, changeEach, reversed } from './change.ts'
import type { Lead, LeadChange } from './lead.ts'
import { forgetLists, showChanged } from './queries.ts'

const UNDO_FOR_MS = 10_000

type State =
  | { kind: 'running'; done: number; all: number }
  /** `undo`: what would take it back; none where it was taken back, or nothing was changed. */
  | { kind: 'done'; changes: Changes; undo: { lead: Lead; change: LeadChange }[]; wasUndo: boolean }

/** Changes leads, one or many, shows how far that is, and takes it back for ten seconds. */
export function useChanges() {
  const [state, setState] = useState<State | null>(null)
  const isListOld = useRef(false)

  const run = useCallback(async (jobs: readonly { lead: Lead; change: LeadChange }[], wasUndo = false) => {
    setState({ kind: 'running', done: 0, all: jobs.length })
    const changes = await changeEach(jobs, (done) => setState({ kind: 'running', done, all: jobs.length }))
    isListOld.current = true
    showChanged(changes.changed.map(({ after }) => after))
    const undo = changes.changed.flatMap(({ before, after }) => {
      const change = jobs.find(({ lead }) => lead.id === after.id)?.change
      return change === undefined ? [] : [{ lead: after, change: reversed(change, before) }]
    })
    setState({ kind: 'done', changes, undo: wasUndo ? [] : undo, wasUndo })
    return changes
  }, [])

  useEffect(() => {
    if (state?.kind !== 'done') return
    // What does not fit a list any more leaves it once nothing is to be taken back.
    const timer = setTimeout(() => {
      isListOld.current = false
      forgetLists()
      // What was refused stays to be read.
      if (state.changes.refused.length === 0) setState(null)
      else setState({ ...state, undo: [] })
    }, UNDO_FOR_MS)
    return () => clearTimeout(timer)
  }, [state])

  useEffect(
    () => () => {
      if (isListOld.current) forgetLists()
    },
    [],
  )

  const undo = useCallback(async (): Promise<Changes | null> => {
    if (state?.kind !== 'done' || state.undo.length === 0) return null
    return run(state.undo, true)
  }, [state, run])

  return { state, run, undo, dismiss: () => setState(null) }
}

export type UsedChanges = ReturnType<typeof useChanges>
