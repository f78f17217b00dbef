import { useState } from 'react'

const storedAs = (leadId: string): string => `first-call notes ${leadId}`

/** What is being noted of a lead. It outlives the page, until it is saved. */
export function useNotes(leadId: string) {
  const [notes, setNotes] = useState(() => sessionStorage.getItem(storedAs(leadId)) ?? '')
  return {
    notes,
    write: (text: string) => {
      setNotes(text)
      keepNotes(leadId, text)
    },
  }
}

/** Keeps notes for when the lead is shown again; empty ones are forgotten. */
export function keepNotes(leadId: string, text: string): void {
  if (text === '') sessionStorage.removeItem(storedAs(leadId))
  else sessionStorage.setItem(storedAs(leadId), text)
}
