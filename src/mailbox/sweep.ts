import type { Chore } from '../chores.ts'
import { removeLeftAudio, removeLostMails } from './files.ts'
import { handleMail, type MailOptions } from './handle.ts'
import { claimMails } from './store.ts'

/** They are read one after the other: what waits longer than a claim is claimed by another server. */
const CLAIM_SIZE = 4
const HANDLE_EVERY_MS = 1_000
const TIDY_EVERY_MS = 3_600_000

/** Handles the mails that are due. Gives how many were tried. */
export async function sweepMails(options: MailOptions): Promise<number> {
  const mails = await claimMails(options.inbox.database, CLAIM_SIZE)
  const handled = await Promise.allSettled(mails.map((mail) => handleMail(mail, options)))
  for (const [place, one] of handled.entries()) {
    if (one.status === 'fulfilled') continue
    options.inbox.log.warn(
      { err: one.reason, messageId: mails[place]?.id },
      'what became of a mail could not be written',
    )
  }
  return mails.length
}

/** Handles the mails that wait in the inbox, and removes files that nobody knows. */
export function mailChores(options: MailOptions): Chore[] {
  const { inbox, folders } = options
  return [
    {
      name: 'handling of mails',
      everyMs: HANDLE_EVERY_MS,
      work: async () => (await sweepMails(options)) > 0,
    },
    {
      name: 'removal of files that mails have left',
      everyMs: TIDY_EVERY_MS,
      work: async () => {
        await removeLostMails(inbox.database, folders.mails)
        await removeLeftAudio(inbox.database, folders.recordings)
        return false
      },
    },
  ]
}
