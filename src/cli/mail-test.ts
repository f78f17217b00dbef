import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { v7 as uuidv7 } from 'uuid'
import { runOn } from '../attempts/read.ts'
import type { MailOfCall } from '../calls/mail.ts'
import { type FoundCall, findCallOfMail } from '../calls/recording-email.ts'
import { isAllowedSender } from '../mailbox/allowed-senders.ts'
import { readHeader } from '../mailbox/header.ts'
import type { ParsedMail } from '../mailbox/mail.ts'
import { messagesOfFile } from '../mailbox/mail-file.ts'
import { mailOfCall } from '../mailbox/mail-of-call.ts'
import { naturalKeyOf } from '../mailbox/natural-key.ts'
import { ParserThread } from '../mailbox/parser.ts'
import { readBody } from '../mailbox/passages.ts'
import { finish, mailFileName, spool } from '../mailbox/spool.ts'
import { findMailByKey } from '../mailbox/store.ts'
import { loadWording } from '../mailbox/wording.ts'
import type { Surroundings } from './command.ts'
import { withDatabase } from './database.ts'
import { localTime } from './message-words.ts'
import { json, printable, table } from './terminal.ts'

/** What is understood of a message, and what it would come to. */
interface Understood {
  mail: ParsedMail
  /** What the patterns are tried on, beside the subject and the names of files. */
  text: string
  ofCall: MailOfCall
  found: FoundCall
  /** Whether it would be read if it came from the mailbox. */
  isAllowed: boolean
  /** Of the same message in the inbox; null where it has not come yet. */
  earlierId: string | null
}

/**
 * Shows every fact of a message with where it was found, and which call it would be matched with. Nothing is changed, and
 * no file is kept. Of an mbox the first message is shown.
 */
export async function testMail(
  file: string,
  { json: isForMachines = false }: { json?: boolean },
  surroundings: Surroundings,
): Promise<void> {
  const { config, terminal } = surroundings
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'first-call-mail-'))
  try {
    const understood = await understand(file, scratch, surroundings)
    terminal.print(isForMachines ? json(machineWords(understood)) : words(understood, config().zadarma.timezone))
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function understand(file: string, scratch: string, surroundings: Surroundings): Promise<Understood> {
  const { mail: settings, zadarma, defaultCountry: country, recordingMaxBytes } = surroundings.config()
  const { timezone: zone, ownNumbers } = zadarma
  const place = { folder: scratch, id: uuidv7() }
  const wording = loadWording(settings.patternsFile)
  const parser = new ParserThread({ zone, country, ownNumbers, wording })
  try {
    const { head, body, bodyHash } = await spool(firstMessageOf(file), place)
    if (body === null) await finish(place)
    const read = await parser.read({
      raw: body ?? path.join(scratch, mailFileName(place.id)),
      place: {
        folder: scratch,
        messageId: place.id,
        receivedAt: Date.now(),
        tries: 1,
        maximumBytes: recordingMaxBytes,
      },
    })
    const ofCall = mailOfCall(place.id, read)
    const header = readHeader(head)
    return await withDatabase(surroundings, async (database) => ({
      mail: read.mail,
      text: readBody(read.mail.text, wording).text,
      ofCall,
      found: await findCallOfMail(runOn(database.calls, database.hasPooler), ofCall, settings),
      isAllowed: isAllowedSender(header.from, settings.allowedSenders),
      earlierId: (await findMailByKey(database, naturalKeyOf(header, bodyHash)))?.id ?? null,
    }))
  } finally {
    await parser.close()
  }
}

async function* firstMessageOf(file: string): AsyncGenerator<Uint8Array> {
  const bytes = createReadStream(file)
  try {
    for await (const message of messagesOfFile(bytes)) {
      yield* message
      return
    }
  } finally {
    bytes.destroy()
  }
}

const machineWords = ({ mail, text, ofCall, found, isAllowed, earlierId }: Understood) => ({
  from: mail.from,
  is_allowed_sender: isAllowed,
  subject: mail.subject,
  text,
  facts: ofCall.told,
  recordings: mail.audio.map(({ name, contentType, sizeBytes, id }) => ({
    name,
    content_type: contentType,
    size_bytes: sizeBytes,
    recording_id: ofCall.recordings.find((one) => one.id === id)?.providerRecordingId ?? null,
  })),
  doubts: ofCall.doubts,
  became: found.became,
  how: found.how,
  call_id: found.callId,
  candidates: found.candidates,
  reason: found.sentence,
  received_as: earlierId,
})

function words({ mail, text, ofCall, found, isAllowed, earlierId }: Understood, zone: string): string {
  const sender = mail.from ?? 'nobody'
  const about = [
    ['From', isAllowed ? sender : `${sender}: set aside where it comes from the mailbox (MAIL_ALLOWED_SENDERS)`],
    ['Subject', mail.subject ?? ''],
    ...(mail.date === null ? [] : [['Date', `${localTime(mail.date, zone)} (${zone})`]]),
  ]
  const facts = Object.entries(ofCall.told).map(([name, { value, from }]) => [`  ${name}`, String(value), from])
  const recordings = mail.audio.map(({ name, contentType, sizeBytes }) => [
    `  ${name === '' ? '(without a name)' : name}`,
    contentType,
    `${sizeBytes} bytes`,
  ])
  const candidates = found.candidates.map((candidate) =>
    ['', ...Object.entries(candidate).flatMap(([name, value]) => (value === null ? [] : [`${name} ${value}`]))].join(
      ' ',
    ),
  )
  return [
    table(about),
    section('Text', linesOf(text)),
    section('Facts', facts.length === 0 ? '  none\n' : table(facts)),
    section('Recordings', recordings.length === 0 ? '  none\n' : table(recordings)),
    ofCall.doubts.length === 0
      ? ''
      : section('Doubts', ofCall.doubts.map((doubt) => `  ${printable(doubt)}\n`).join('')),
    section('Would become', `  ${BECOMES[found.became]}${found.callId === null ? '' : ` ${found.callId}`}\n`),
    `  ${printable(found.sentence)}\n`,
    ...candidates.map((candidate) => ` ${printable(candidate)}\n`),
    earlierId === null
      ? ''
      : `\nIt has come before, as ${earlierId}: if it comes again, nothing changes. first-call inbox replay ${earlierId} reads it again.\n`,
  ].join('')
}

const BECOMES: Readonly<Record<FoundCall['became'], string>> = {
  attached: 'a recording of the call',
  new_call: 'a new call',
  review: 'an item of the review list',
  set_aside: 'nothing: it is set aside',
  duplicate: 'nothing: the call has this recording',
}

const MOST_LINES = 60

/** The text as patterns see it, a tab as they write it, without its empty lines. */
function linesOf(text: string): string {
  const lines = text.split('\n').filter((line) => line !== '')
  if (lines.length === 0) return '  none\n'
  const more = lines.length > MOST_LINES ? `  (${lines.length - MOST_LINES} more lines)\n` : ''
  return lines
    .slice(0, MOST_LINES)
    .map((line) => `  ${printable(line.replaceAll('\t', '\\t'))}\n`)
    .join('')
    .concat(more)
}

const section = (head: string, lines: string): string => `\n${head}\n${lines}`
