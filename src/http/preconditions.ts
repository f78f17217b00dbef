import { type Refusal, refusal } from './refusal.ts'

/** Whether a revision is the one that the caller has seen. */
export type RevisionTest = (revision: number) => boolean

export const anyRevision: RevisionTest = () => true

/** A row's strong entity tag: its revision. */
export const etagOf = ({ revision }: { revision: number }): string => `"${revision}"`

/** Reads `If-Match` (RFC 9110, 13.1.1): none and `*` take any revision, weak tags match none. */
export function ifMatch(header: string | undefined): RevisionTest {
  if (header === undefined || header.trim() === '*') return anyRevision
  const tags = new Set(header.split(',').map((tag) => tag.trim()))
  return (revision) => tags.has(`"${revision}"`)
}

/** The answer where the row has another revision than the caller has seen. */
export const revisionChanged = ({ revision }: { revision: number }): Refusal =>
  refusal('revision_changed', `It has changed meanwhile and is at revision ${revision}. Read it again, then decide.`)
