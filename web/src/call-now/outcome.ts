/** How a call went, in the order of the keys. */
export const OUTCOMES = ['spoke', 'noAnswer', 'busy', 'declined', 'wrongNumber'] as const
export type Outcome = (typeof OUTCOMES)[number]

/**
 * The words of A3 for it. All of them are results, so that what the PBX tells later of the same call changes nothing (B10):
 * to the PBX somebody who answers a wrong number has answered.
 */
export const STATUS_OF: Readonly<Record<Outcome, string>> = {
  spoke: 'answered',
  noAnswer: 'no_answer',
  busy: 'busy',
  declined: 'rejected',
  wrongNumber: 'failed',
}

/** The notes with what the colour does not say. */
export function notesWith(outcome: Outcome, notes: string, wrongNumber: string): string {
  const said = notes.trim()
  if (outcome !== 'wrongNumber') return said
  return said === '' ? wrongNumber : `${wrongNumber}: ${said}`
}
