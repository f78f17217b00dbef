import type { Kysely } from 'kysely'
import type { Database } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import type { MailOptions } from '../mailbox/handle.ts'
import type { Instant } from '../time.ts'
import type { Sought, Traces } from './traces.ts'

/** The erasing of a contact as it is stored. */
export interface Erasure {
  contactId: string
  askedAt: Instant
  /** Null once all is removed: then it is only looked at once more, for what was on its way. */
  sought: Sought | null
}

/** One erasing at work. */
export interface Work extends Pick<Erasure, 'contactId' | 'askedAt'> {
  query: Kysely<Tables>
  mails: ErasingOptions['mails']
  traces: Traces
  /** Of the person's numbers, those that no other contact has: whatever names one of these is about the person. */
  ownPhones: readonly string[]
  /** The person's calls, also deleted ones. Of a call that is no contact's, its number tells. */
  callIds: readonly string[]
  /** Says that it goes on, after each piece of work. Throws where it is to end. */
  goOn(): Promise<void>
}

/** One thing that is removed. Done again it finds nothing, or what was left. */
export interface Step {
  name: string
  do(work: Work): Promise<void>
}

export interface ErasingOptions {
  /** With time for statements that go through many rows. */
  database: Pick<Database, 'query'>
  /** Where files lie, and how mails are read. */
  mails: Pick<MailOptions, 'folders' | 'textOf'>
  /** Told of each step before it begins. */
  onStep?: (name: string) => Promise<void> | void
}

/** Thrown where it has to wait for something; it goes on by itself. */
export class NotYetError extends Error {
  override name = 'NotYetError'
}
