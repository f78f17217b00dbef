import { randomUUID } from 'node:crypto'

/* Recording e-mails as bytes. */

export interface BuiltMail {
  from?: string
  subject?: string
  messageId?: string | null
  text?: string
  html?: string
  audio?: readonly { name: string; bytes: Buffer; type?: string }[]
  /** Further lines of the header. */
  header?: readonly string[]
}

/** The provider's name of a file, by its documented pattern. */
export const audioName = (recordingId: string, ending = 'mp3'): string =>
  `12345-${recordingId}-101-2026-03-02-101500.${ending}`

let made = 0

/** A name of a recording that no other test has. */
export const newRecordingId = (): string => `1772442900.${process.pid}${++made}`

/** A whole message, with CRLF as it comes over the wire. */
export function buildMail({
  from = 'Zadarma <noreply@zadarma.com>',
  subject = 'Grabación de llamada',
  messageId = `<${randomUUID()}@zadarma.com>`,
  text = 'Se adjunta la grabación de la llamada.',
  html,
  audio = [],
  header = [],
}: BuiltMail = {}): Buffer {
  const boundary = `=_${randomUUID()}`
  const head = [
    `From: ${from}`,
    'To: calls@example.com',
    `Subject: ${encodedWord(subject)}`,
    'Date: Mon, 2 Mar 2026 10:20:00 +0100',
    ...(messageId === null ? [] : [`Message-ID: ${messageId}`]),
    'MIME-Version: 1.0',
    ...header,
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
  ]
  const parts = [
    part(['Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: base64'], base64Lines(text)),
    ...(html === undefined
      ? []
      : [part(['Content-Type: text/html; charset=utf-8', 'Content-Transfer-Encoding: base64'], base64Lines(html))]),
    ...audio.map(({ name, bytes, type = 'audio/mpeg' }) =>
      part(
        [
          `Content-Type: ${type}`,
          `Content-Disposition: attachment; filename="${name}"`,
          'Content-Transfer-Encoding: base64',
        ],
        base64Lines(bytes),
      ),
    ),
  ]
  const body = parts.map((one) => `--${boundary}\r\n${one}\r\n`).join('')
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}--${boundary}--\r\n`)
}

const part = (header: readonly string[], body: string): string => `${header.join('\r\n')}\r\n\r\n${body}`

const encodedWord = (text: string): string =>
  /^[\x20-\x7e]*$/.test(text) ? text : `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`

export const base64Lines = (content: string | Buffer): string =>
  (
    Buffer.from(content as string)
      .toString('base64')
      .match(/.{1,76}/g) ?? []
  ).join('\r\n')
