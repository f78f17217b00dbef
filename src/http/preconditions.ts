import { anyRevision, type RevisionTest } from '../calls/save.ts'

/** A row's strong entity tag: its revision. */
export const etagOf = ({ revision }: { revision: number }): string => `"${revision}"`

/** Reads `If-Match` (RFC 9110, 13.1.1): none and `*` take any revision, weak tags match none. */
export function ifMatch(header: string | undefined): RevisionTest {
  if (header === undefined || header.trim() === '*') return anyRevision
  const tags = new Set(header.split(',').map((tag) => tag.trim()))
  return (revision) => tags.has(`"${revision}"`)
}
