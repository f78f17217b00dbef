import { z } from 'zod'
import { formatInstant } from '../attempts/attempt.ts'
import { parseInstant } from '../time.ts'

/** A place in a sorted list: the sort key and the id of the last row that was given. */
export interface Position {
  key: string
  id: string
}

/** Anybody can write a cursor: its time is written as ours are, which the database takes too. */
function isSortKey(key: string): boolean {
  const moment = parseInstant(key)
  return key === '-infinity' || (moment !== null && formatInstant(moment) === key)
}

const position = z.tuple([z.string().refine(isSortKey), z.guid()])

/** Writes a position as a text that a client gives back unread. */
export function writeCursor({ key, id }: Position): string {
  return Buffer.from(JSON.stringify([key, id])).toString('base64url')
}

/** Reads a position; null where the text is not one that {@link writeCursor} wrote. */
export function readCursor(text: string): Position | null {
  try {
    const { data } = position.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')))
    return data === undefined ? null : { key: data[0], id: data[1] }
  } catch {
    return null
  }
}
