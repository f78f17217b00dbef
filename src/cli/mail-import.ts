import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { counted } from '../http/refusal.ts'
import type { MailOptions, ReceivedMail } from '../mailbox/handle.ts'
import { messagesOfFile } from '../mailbox/mail-file.ts'
import { receiveMail } from '../mailbox/receive.ts'
import type { Surroundings } from './command.ts'
import { withDatabase } from './database.ts'
import { doorsOf } from './doors.ts'
import { json } from './terminal.ts'

type Became = ReceivedMail['result'] | 'failed'

interface Failure {
  file: string
  /** Which message of the file, from 1 on; null where the file itself cannot be read. */
  message: number | null
  reason: string
}

interface Import {
  counts: Record<Became, number>
  failures: Failure[]
}

/** Takes in every message of files. What fails is said, and the rest goes on. */
export async function importMails(
  files: readonly string[],
  { json: isForMachines = false }: { json?: boolean },
  surroundings: Surroundings,
): Promise<void> {
  const { terminal, fail, signal } = surroundings
  const done: Import = {
    counts: { attached: 0, new_call: 0, review: 0, set_aside: 0, duplicate: 0, waiting: 0, failed: 0 },
    failures: [],
  }
  await withDatabase(surroundings, async (database, dataPlace) => {
    const { inbox, mails, close } = doorsOf(database, dataPlace, surroundings)
    try {
      for (const file of files) {
        if (signal.aborted) break
        await importFile(file, mails, done, surroundings)
      }
    } finally {
      terminal.progress('')
      await close()
      await inbox.register.drained()
    }
  })
  const { counts, failures } = done
  for (const { file, message, reason } of failures) {
    terminal.note(`${file}${message === null ? '' : `, message ${message}`}: ${reason}`)
  }
  if (signal.aborted) terminal.note('Ended before the last message. What was taken in is found again as duplicates.')
  terminal.print(isForMachines ? json({ ...counts, failures }) : summaryOf(counts))
  if (counts.failed > 0) fail()
}

async function importFile(
  file: string,
  mails: MailOptions,
  { counts, failures }: Import,
  { terminal, signal }: Surroundings,
): Promise<void> {
  let message = 0
  const failed = (reason: unknown): void => {
    counts.failed++
    failures.push({ file, message: message === 0 ? null : message, reason: wordsOf(reason) })
  }
  try {
    const { size } = await stat(file)
    let read = 0
    const bytes = createReadStream(file).on('data', (chunk) => {
      read += chunk.length
    })
    for await (const chunks of messagesOfFile(bytes)) {
      if (signal.aborted) break
      message++
      terminal.progress(`${file}: ${percent(read, size)} %, ${counted(message, 'message')}`)
      try {
        counts[(await receiveMail(chunks, 'import', mails)).result]++
      } catch (error) {
        failed(error)
        // Of a file that cannot be read on, no more messages come.
        if (bytes.errored !== null) return
      }
    }
    bytes.destroy()
  } catch (error) {
    failed(error)
  }
}

const percent = (read: number, size: number): number => (size === 0 ? 100 : Math.floor((100 * read) / size))

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function summaryOf({ attached, new_call, review, set_aside, duplicate, waiting, failed }: Import['counts']): string {
  const all = attached + new_call + review + set_aside + duplicate + waiting + failed
  const later = waiting === 0 ? '' : `, ${waiting} kept and handled later`
  return (
    `${counted(all, 'message')}: ${attached} attached, ${counted(new_call, 'new call')}, ${review} for review, ` +
    `${set_aside} set aside, ${counted(duplicate, 'duplicate')}, ${failed} failed${later}.\n`
  )
}
