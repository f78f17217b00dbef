import { useQueryClient } from '@tanstack/react-query'
import { useLayoutEffect, useRef, useState } from 'react'
import { keepRings, type Ring, settledRingsOf } from '../parts/rings.ts'
import { saving } from '../parts/under-way.ts'
import { tellAnywhere } from '../parts/untold.tsx'
import { useTexts } from '../texts/language.ts'
import { forget, type Kept, keep, keptOf } from './kept.ts'
import { notesWith, type Outcome, STATUS_OF } from './outcome.ts'
import type { Lead } from './queue.ts'
import { type Said, type Saved, saveOutcome } from './save.ts'
import { CALL_NOW_TEXTS } from './texts.ts'

/** An outcome that is saved, with what brings the lead back as it was. */
export interface Finished {
  outcome: Outcome
  saved: Saved
  kept: Kept
  rings: readonly Ring[]
}

interface Called {
  lead: Lead
  phone: string | null
}

/** `lingering`: the outcome is saved, and somebody still writes. */
type State = 'idle' | 'saving' | 'lingering' | 'going on'

/**
 * Says how the call of a lead went, with the notes as they are in the end: what is written while it is being saved is saved
 * too, and nobody is taken away from what he writes.
 */
export function useSaying({ lead, phone }: Called, onSaved: (finished: Finished) => Promise<void>) {
  const t = useTexts(CALL_NOW_TEXTS)
  const known = useQueryClient()
  const { id, title, contact_id: contactId } = lead.opportunity
  const notes = useNotes(id)
  const field = useRef<HTMLTextAreaElement>(null)
  const [chosen, setChosen] = useState<Outcome | null>(null)
  const [state, setState] = useState<State>('idle')
  const [error, setError] = useState<unknown>(null)
  const isBusy = useRef(false)
  /** The outcome is saved, and what came after it is not: it is not saved a second time. */
  const before = useRef<Saved | null>(null)
  const isShown = useRef(true)
  useLayoutEffect(() => {
    const { current } = field
    isShown.current = true
    return () => {
      isShown.current = false
      // Nobody writes in what is not there any more.
      current?.blur()
    }
  }, [])

  /** One thing at a time. */
  async function once(work: () => Promise<void>): Promise<void> {
    if (isBusy.current) return
    isBusy.current = true
    setError(null)
    try {
      await work()
    } catch (failed) {
      if (isShown.current) setError(failed)
      else tellAnywhere(known, { opportunityId: id, name: lead.contact?.name ?? title ?? t.unnamed, error: failed })
    } finally {
      isBusy.current = false
      setChosen(null)
      setState('idle')
    }
  }

  const saidOf = (outcome: Outcome): Said => {
    const text = notesWith(outcome, notes.latest(), t.outcomes.wrongNumber)
    return { call_status: STATUS_OF[outcome], resumen_llamada: text === '' ? null : text }
  }

  function save(said: Said, rings: readonly Ring[]): Promise<Saved> {
    const { since, ownId } = keptOf(id)
    return saveOutcome({ contactId, phone, since: since ?? Date.now(), rings, ownId, said })
  }

  const say = (outcome: Outcome): Promise<void> => once(() => saving(sayAndGoOn(outcome)))

  async function sayAndGoOn(outcome: Outcome): Promise<void> {
    // A touch leaves the focus where it was: nobody writes on who has said how it went.
    field.current?.blur()
    setChosen(outcome)
    setState('saving')
    const rings = await settledRingsOf(contactId)
    let said = saidOf(outcome)
    let saved = before.current === null ? await save(said, rings) : await before.current.change(said)
    before.current = saved
    for (;;) {
      if (field.current !== null && document.activeElement === field.current) {
        setState('lingering')
        await leaving(field.current)
      }
      const now = saidOf(outcome)
      if (now.resumen_llamada === said.resumen_llamada) break
      said = now
      saved = await saved.change(said)
      before.current = saved
    }
    setState('going on')
    const kept = keptOf(id)
    forget(id)
    keepRings(contactId, [])
    await onSaved({ outcome, saved, kept, rings })
  }

  /** On to another lead, with nothing said of this one. */
  const goOn = (work: () => Promise<void>): Promise<void> =>
    once(() => {
      setState('going on')
      return work()
    })

  return { notes, field, state, chosen, error, say, goOn }
}

/** That a field is left; a window that is left for another leaves it where it is. */
const leaving = (field: HTMLElement): Promise<void> =>
  new Promise((resolve) => {
    const left = () => {
      if (document.activeElement === field) return
      field.removeEventListener('blur', left)
      resolve()
    }
    field.addEventListener('blur', left)
  })

/** What is being noted of a lead. It outlives the page. */
function useNotes(leadId: string) {
  const [text, setText] = useState(() => keptOf(leadId).notes)
  const latest = useRef(text)
  return {
    text,
    latest: () => latest.current,
    write: (written: string) => {
      latest.current = written
      setText(written)
      keep(leadId, { notes: written })
    },
  }
}
