import type { Actor } from '../audit/actor.ts'
import { processRecordingEmail } from '../calls/recording-email.ts'
import type { Config } from '../config.ts'
import { removeFiles } from '../database/embedded-files.ts'
import { mailMessages } from '../mailbox/door.ts'
import { type MailFolders, removeUnusedAudio } from '../mailbox/files.ts'
import type { MailOptions } from '../mailbox/handle.ts'
import { type ParserLimits, ParserThread } from '../mailbox/parser.ts'
import { textOfMail } from '../mailbox/text-of-mail.ts'
import { unreadableMail } from '../mailbox/unreadable.ts'
import type { Wording } from '../mailbox/wording.ts'
import { zadarmaMessages } from '../zadarma/door.ts'
import type { InboxOptions } from './inbox.ts'
import type { Message, MessageResult } from './message.ts'

/** The doors by which raw messages come in. */
export interface Doors {
  inbox: InboxOptions
  mails: MailOptions
  /** Ends the reading of mails; what is not read stays in the inbox. */
  close(): Promise<void>
}

export interface DoorsOptions extends Pick<InboxOptions, 'database' | 'register' | 'metrics' | 'log' | 'atOnceMs'> {
  config: Pick<Config, 'zadarma' | 'mail' | 'defaultCountry' | 'recordingMaxBytes'>
  folders: MailFolders
  /** Who has messages handled here; their doors where it is left out. */
  by?: Actor
  /** What facts are called in mails. */
  wording: Wording
  /** What the reading of a mail may take. */
  mailLimits?: Partial<ParserLimits>
  /** What a mail changes. */
  processMail?: typeof processRecordingEmail
}

/** Opens the doors: what comes of a message is decided by its door, whether it comes in, waits or is handled again. */
export function openDoors(options: DoorsOptions): Doors {
  const { config, folders, wording, mailLimits, by, processMail = processRecordingEmail, ...parts } = options
  const { zadarma, mail, defaultCountry: country, recordingMaxBytes } = config
  const { timezone: zone, ownNumbers } = zadarma
  const parser = new ParserThread({ zone, country, ownNumbers, wording }, mailLimits)
  const actorOf = ({ door, requestId }: Message): Actor => by ?? { who: door, requestId: requestId ?? null }
  const read = {
    zadarma: zadarmaMessages({ zadarma, country, actorOf, log: parts.log }),
    mail: mailMessages({ ...mail, parser, folders, recordingMaxBytes, processMail, actorOf, log: parts.log }),
  }
  const inbox: InboxOptions = {
    ...parts,
    readMessage: (message) => read[message.door](message),
    onHandled: async (result, { fileName = null }) => {
      await removeUnusedAudio(parts.database, folders.recordings, unusedAudioOf(result))
      if (result.reason === 'erased' && fileName !== null) await removeFiles(folders.mails, [fileName])
    },
  }
  const underway = new Set<Promise<unknown>>()
  return {
    inbox,
    mails: {
      inbox,
      folders,
      textOf: (message) => textOfMail(message, parser, folders),
      unreadable: unreadableMail,
      underway,
    },
    close: async () => {
      await parser.close()
      await Promise.allSettled(underway)
    },
  }
}

const unusedAudioOf = (result: MessageResult): readonly string[] =>
  'unusedAudio' in result ? (result.unusedAudio as readonly string[]) : []
