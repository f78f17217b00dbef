import { ENGLISH } from './english.ts'
import type { MadeUpMail } from './message.ts'
import { SPANISH } from './spanish.ts'

/**
 * Forty mails with recordings, all made up: nobody publishes what such a mail of Zadarma looks like. They are written as
 * mails of telephone systems are, in two languages and several layouts, so that what reads them must bear whatever comes.
 * Each says what must be read from it and to which of the calls of `calls.ts` it belongs.
 */
export const MESSAGES: readonly MadeUpMail[] = [...SPANISH, ...ENGLISH]
