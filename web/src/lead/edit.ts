import { useRef, useState } from 'react'
import { type Changed, changeField, isSame, type Seen } from './change.ts'
import { useKnown } from './known.ts'
import type { FieldOf, Kind, Rows } from './rows.ts'
import { useUndo } from './undo.tsx'

/** One field that is changed in place. */
export interface Edit<Value> {
  /** As it is to be shown: what is being saved, else what is there. */
  value: Value
  /** Whether somebody changes it. */
  isOpen: boolean
  /** What somebody types; null while nobody does. It stays when the row is fetched anew. */
  draft: Value | null
  isSaving: boolean
  fault: unknown
  /** What somebody else has written meanwhile, beside one's own. */
  conflict: { mine: Value; theirs: Value } | null
  begin(): void
  type(value: Value): void
  cancel(): void
  save(value: Value): Promise<void>
  /** Decides a conflict. */
  keepMine(): Promise<void>
  keepTheirs(): void
}

/**
 * @param label what the field is called where its change can be undone
 */
export function useEdit<K extends Kind, F extends FieldOf<K>>(
  kind: K,
  row: Rows[K],
  field: F,
  label: string,
): Edit<Rows[K][F]> {
  type Value = Rows[K][F]
  const known = useKnown()
  const { offer } = useUndo()
  const [draft, setDraft] = useState<{ value: Value; seen: Seen<Value> } | null>(null)
  const [saving, setSaving] = useState<{ value: Value } | null>(null)
  const [fault, setFault] = useState<unknown>(null)
  const [conflict, setConflict] = useState<{ mine: Value; theirs: Value; revision: number } | null>(null)
  /** What was written from here last: whoever writes again has seen it. */
  const written = useRef<{ before: number; after: Seen<Value> } | null>(null)
  const turn = useRef<Promise<void>>(Promise.resolve())
  const now: Seen<Value> = { value: row[field], revision: row.revision }

  /** One after the other, in the order in which they were made. */
  const change = (seen: Seen<Value>, value: Value): Promise<void> => {
    const mine = { value }
    setSaving(mine)
    setFault(null)
    turn.current = turn.current.then(() => write(seen, mine))
    return turn.current
  }

  const write = async (shown: Seen<Value>, mine: { value: Value }): Promise<void> => {
    const { value } = mine
    const own = written.current
    const seen = own !== null && shown.revision >= own.before && shown.revision < own.after.revision ? own.after : shown
    try {
      const changed = await changeField(kind, row.id, field, seen, value)
      known.changed(kind, changed.row)
      if (!changed.isRefused)
        written.current = { before: seen.revision, after: { value, revision: changed.row.revision } }
      if (changed.isRefused) {
        setConflict({ mine: value, theirs: changed.row[field], revision: changed.row.revision })
        return
      }
      setDraft(null)
      setConflict(null)
      offer(label, () => undo(changed, value, seen.value))
    } catch (error) {
      setFault(error)
    } finally {
      setSaving((before) => (before === mine ? null : before))
    }
  }

  /** Whether what was there before is there again. */
  const undo = async ({ row: saved }: Changed<Rows[K]>, value: Value, before: Value): Promise<boolean> => {
    const undone = await changeField(kind, saved.id, field, { value, revision: saved.revision }, before)
    known.changed(kind, undone.row)
    return !undone.isRefused
  }

  return {
    value: saving === null ? row[field] : saving.value,
    isOpen: draft !== null,
    draft: draft?.value ?? null,
    isSaving: saving !== null,
    fault,
    conflict,
    begin: () => setDraft((before) => before ?? { value: row[field], seen: now }),
    type: (value) => setDraft((before) => ({ value, seen: before?.seen ?? now })),
    cancel: () => {
      setDraft(null)
      setFault(null)
    },
    save: async (value) => {
      const seen = draft?.seen ?? now
      if (!isSame(value, seen.value)) return change(seen, value)
      setDraft(null)
      setFault(null)
    },
    keepMine: async () => {
      if (conflict !== null) await change({ value: conflict.theirs, revision: conflict.revision }, conflict.mine)
    },
    keepTheirs: () => {
      setConflict(null)
      setDraft(null)
    },
  }
}
