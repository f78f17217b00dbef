import { v7 as uuidv7 } from 'uuid'

/** What of a lead outlives the page, until its outcome is saved. */
export interface Kept {
  notes: string
  /** Since when it is called, by the service's clock. */
  since: number | null
  /** The id that a call of our own gets: sent again, it is not made again. */
  ownId: string
}

const storedAs = (leadId: string): string => `first-call lead ${leadId}`

/** What is kept of a lead in this window. */
export function keptOf(leadId: string): Kept {
  const stored: Partial<Kept> = JSON.parse(sessionStorage.getItem(storedAs(leadId)) ?? '{}')
  return { notes: '', since: null, ownId: uuidv7(), ...stored }
}

/** Keeps some of it; the rest stays as it was. */
export const keep = (leadId: string, some: Partial<Kept>): void =>
  sessionStorage.setItem(storedAs(leadId), JSON.stringify({ ...keptOf(leadId), ...some }))

/** Forgets all of it. */
export const forget = (leadId: string): void => sessionStorage.removeItem(storedAs(leadId))

const SKIPPED = 'first-call skipped'
/** As many as the service takes. */
const SKIPPED_AT_MOST = 200

/** Who was skipped in this window: not offered again until everybody else was. */
export const skippedIds = (): string[] => JSON.parse(sessionStorage.getItem(SKIPPED) ?? '[]')

export const keepSkipped = (ids: readonly string[]): void =>
  sessionStorage.setItem(SKIPPED, JSON.stringify(ids.slice(-SKIPPED_AT_MOST)))

const LEFT = 'first-call left'

/** Notes that this page has let go of its lead. A window that is a copy of another does not find it. */
export const noteLeft = (): void => sessionStorage.setItem(LEFT, 'yes')

/** Whether the page before this one in this window had let go of its lead; asked once. */
export function hadLeft(): boolean {
  const had = sessionStorage.getItem(LEFT) !== null
  sessionStorage.removeItem(LEFT)
  return had
}
