import { createHash, randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { v7 as uuidv7 } from 'uuid'
import type { MailedAudio, MailOfCall, MailSettings } from '../src/calls/mail.ts'
import { processRecordingEmail } from '../src/calls/recording-email.ts'
import type { Message } from '../src/inbox/message.ts'
import type { TestService } from './service.ts'
import { SOMEBODY } from './service.ts'

/* Recording e-mails as they are once they are read, and what became of them. */

/** What a test says of an e-mail; the rest is as usual. */
export interface GivenMail extends Partial<Omit<MailOfCall, 'fields'>> {
  fields?: Partial<MailOfCall['fields']>
}

export const SETTINGS: MailSettings = { matchMinutes: 10 }

/** A quarter of a minute after the notifications of `zadarma-door.ts`. */
export const MAIL_START = Date.parse('2026-03-02T09:15:15Z')

/** A message of the inbox. */
export const messageOf = (id: string): Message => ({
  id,
  door: 'mail',
  receivedAt: Date.parse('2026-03-02T09:20:00Z'),
  headers: { way: 'imap', from: 'records@zadarma.com', subject: 'Grabación de llamada' },
  body: Buffer.from(`Message-ID: <${id}@zadarma.com>\r\n\r\nGrabación`),
  event: 'Grabación de llamada',
})

/** One recording, with content of its own. */
export function audio(name: string | null = null, content: string = randomUUID()): MailedAudio {
  const id = randomUUID()
  return {
    id,
    providerRecordingId: name,
    fileName: `2026-03/${id}.mp3`,
    contentType: 'audio/mpeg',
    sizeBytes: Buffer.byteLength(content),
    sha256: createHash('sha256').update(content).digest('hex'),
  }
}

/** Of an outgoing call of extension 101 with one recording that has no name. */
export function mail(number: string | null, { fields, ...given }: GivenMail = {}): MailOfCall {
  return {
    messageId: uuidv7(),
    provider: 'zadarma',
    pbxCallId: null,
    direction: 'outbound',
    recordings: [audio()],
    hasLeftOut: false,
    told: number === null ? {} : { phone_number: { value: number, from: 'text: "Número"' } },
    doubts: [],
    ...given,
    fields: {
      phone_number: number,
      extension: '101',
      started_at: MAIL_START,
      duration_seconds: 41,
      resumen_llamada: null,
      ...fields,
    },
  }
}

/** Hands a read e-mail to the register, as the door does. */
export const receive = ({ register }: TestService, given: MailOfCall, settings = SETTINGS) =>
  register.registerCallAttempt(processRecordingEmail(given, messageOf(given.messageId), settings, SOMEBODY))

/** Writes the file of a recording, as the parser of messages does. */
export async function writeAudio(folder: string, { fileName }: MailedAudio, content: string): Promise<void> {
  await mkdir(path.join(folder, path.dirname(fileName)), { recursive: true })
  await writeFile(path.join(folder, fileName), content)
}
