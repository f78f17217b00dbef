import { useCallback, useEffect, useRef, useState } from 'react'
import { type Changes, changeEach, reversed } from './change.ts'
import type { Lead, LeadChange } from './lead.ts'
import { forgetLists, showChanged } from './queries.ts'

const UNDO_FOR_MS = 10_000

type State =
  | { kind: 'running'; done: number; all: number }
  /** `undo`: what would take it back; none where it was taken back, or nothing was changed. */
  | { kind: 'done'; changes: Changes; undo: Job[]; wasUndo: boolean }

interface Job {
  lead: Lead
  change: LeadChange
}

/** Changes that overlap are shown as one. */
interface Batch extends Changes {
  running: number
  done: number
  all: number
  undo: Job[]
}

/** Changes leads, one or many, shows how far that is, and takes it back for ten seconds. */
export function useChanges() {
  const [state, setState] = useState<State | null>(null)
  const isListOld = useRef(false)
  const batch = useRef<Batch | null>(null)
  /** What was refused before, and nobody has dismissed. */
  const unread = useRef<Changes['refused']>([])

  const run = useCallback(async (jobs: readonly Job[], wasUndo = false) => {
    batch.current ??= { running: 0, done: 0, all: 0, changed: [], refused: unread.current, undo: [] }
    const own = batch.current
    const show = () => setState({ kind: 'running', done: own.done, all: own.all })
    own.running++
    own.all += jobs.length
    show()
    const changes = await changeEach(jobs, () => {
      own.done++
      show()
    })
    isListOld.current = true
    showChanged(changes.changed.map(({ after }) => after))
    const tried = new Set(jobs.map(({ lead }) => lead.id))
    own.changed = [...own.changed, ...changes.changed]
    own.refused = [...own.refused.filter(({ lead }) => !tried.has(lead.id)), ...changes.refused]
    own.undo = wasUndo ? own.undo : [...own.undo.filter(({ lead }) => !tried.has(lead.id)), ...undoOf(jobs, changes)]
    own.running--
    if (own.running > 0) return changes
    batch.current = null
    unread.current = own.refused
    setState({ kind: 'done', changes: { changed: own.changed, refused: own.refused }, undo: own.undo, wasUndo })
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

  const dismiss = () => {
    unread.current = []
    setState(null)
  }
  return { state, run, undo, dismiss }
}

const undoOf = (jobs: readonly Job[], { changed }: Changes): Job[] =>
  changed.flatMap(({ before, after }) => {
    const change = jobs.find(({ lead }) => lead.id === after.id)?.change
    return change === undefined ? [] : [{ lead: after, change: reversed(change, before) }]
  })

export type UsedChanges = ReturnType<typeof useChanges>
