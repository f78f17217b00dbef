import { audioOf } from '../zadarma/audio.ts'

/** How the name of a file is written in its part's header. */
type NameWriting =
  /** `filename="…"`, ASCII. */
  | 'quoted'
  /** `filename="=?UTF-8?Q?…?="`, which RFC 2047 forbids and many programs send. */
  | 'encoded word'
  /** The same in ISO-8859-1 and base64. */
  | 'Latin encoded word'
  /** `filename*=UTF-8''…` (RFC 2231). */
  | 'RFC 2231'
  /** `filename*0*=…; filename*1*=…` (RFC 2231, 3). */
  | 'RFC 2231 in parts'
  /** Only as `name` of the Content-Type. */
  | 'name of the type'

export interface AudioPart {
  name: string
  writing: NameWriting
  contentType: string
  format: 'mp3' | 'wav' | 'ogg'
  /** What it is a recording of, so that no two have the same bytes. */
  of: string
}

export type TextEncoding = 'quoted-printable' | 'base64' | '8bit'

export interface MimeMail {
  from: string
  to: string
  subject: string
  date: Date
  messageId: string
  /** In its order; of several, each is the same text for other readers (`multipart/alternative`). */
  texts: readonly { type: 'plain' | 'html'; text: string }[]
  encoding: TextEncoding
  audio: readonly AudioPart[]
}

const LINE = '\r\n'

/** The raw message (RFC 5322, 2045 to 2047). */
export function mimeOf(mail: MimeMail): Buffer {
  const header = [
    'Return-Path: <bounce@zadarma.com>',
    'Received: from mx.zadarma.com (mx.zadarma.com [192.0.2.25]) by mail.example.com; Mon, 02 Mar 2026 00:00:00 +0000',
    `From: ${mail.from}`,
    `To: ${mail.to}`,
    `Subject: ${words(mail.subject, 'Q')}`,
    `Date: ${mail.date.toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: ${mail.messageId}`,
    'MIME-Version: 1.0',
  ]
  const texts = mail.texts.map(({ type, text }) => textPart(type, text, mail.encoding))
  const [only = textPart('plain', '', '8bit')] = texts
  const body = texts.length > 1 ? multipart('alternative', texts) : only
  const whole = mail.audio.length === 0 ? body : multipart('mixed', [body, ...mail.audio.map(audioPart)])
  return Buffer.from([...header, whole].join(LINE), 'utf8')
}

/** The bytes of an attachment. */
export function audioBytes({ format, of }: AudioPart): Buffer {
  // Players pass over what comes after the last frame.
  if (format !== 'wav') return Buffer.concat([audioOf('0', format), Buffer.from(of)])
  const sound = Buffer.alloc(1_600)
  const head = Buffer.alloc(44)
  head.write('RIFF')
  head.writeUInt32LE(36 + sound.length, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(8_000, 24)
  head.writeUInt32LE(16_000, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(sound.length, 40)
  return Buffer.concat([head, sound, Buffer.from(of)])
}

function multipart(kind: string, parts: readonly string[]): string {
  const border = `=_${kind}_b7f1`
  const framed = parts.map((part) => `--${border}${LINE}${part}${LINE}`)
  return `Content-Type: multipart/${kind}; boundary="${border}"${LINE}${LINE}${framed.join('')}--${border}--${LINE}`
}

function textPart(type: 'plain' | 'html', text: string, encoding: TextEncoding): string {
  const lines = text.replace(/\n/g, LINE)
  const encoded = { 'quoted-printable': quotedPrintable, base64: base64Of, '8bit': (given: string) => given }[encoding]
  const header = [`Content-Type: text/${type}; charset=utf-8`, `Content-Transfer-Encoding: ${encoding}`, '']
  return [...header, encoded(lines)].join(LINE)
}

function audioPart(part: AudioPart): string {
  const { name, writing, contentType } = part
  const header =
    writing === 'name of the type'
      ? [`Content-Type: ${contentType}; name="${name}"`, 'Content-Disposition: attachment']
      : [`Content-Type: ${contentType}`, `Content-Disposition: attachment;${LINE} ${fileName(name, writing)}`]
  return [...header, 'Content-Transfer-Encoding: base64', '', foldedBase64(audioBytes(part))].join(LINE)
}

function fileName(name: string, writing: NameWriting): string {
  if (writing === 'encoded word') return `filename="${words(name, 'Q')}"`
  if (writing === 'Latin encoded word') return `filename="${words(name, 'Latin')}"`
  if (writing === 'RFC 2231') return `filename*=UTF-8''${percented(name)}`
  if (writing !== 'RFC 2231 in parts') return `filename="${name}"`
  const parts = name.match(/.{1,24}/gu) ?? []
  const written = parts.map((part, place) => `filename*${place}*=${place === 0 ? "UTF-8''" : ''}${percented(part)}`)
  return written.join(`;${LINE} `)
}

const percented = (text: string): string =>
  encodeURIComponent(text).replace(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)

/** A header's text: as it is where it is ASCII, else in encoded words of at most 75 characters (RFC 2047, 2). */
function words(text: string, writing: 'Q' | 'Latin'): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text
  const parts = text.match(/.{1,18}/gu) ?? []
  return parts
    .map((part) =>
      writing === 'Latin'
        ? `=?ISO-8859-1?B?${Buffer.from(part, 'latin1').toString('base64')}?=`
        : `=?UTF-8?Q?${[...Buffer.from(part)].map(wordByte).join('')}?=`,
    )
    .join(`${LINE} `)
}

function wordByte(byte: number): string {
  const mark = String.fromCharCode(byte)
  if (mark === ' ') return '_'
  return /[A-Za-z0-9]/.test(mark) ? mark : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

/** RFC 2045, 6.7. */
function quotedPrintable(text: string): string {
  return text
    .split(LINE)
    .map((line) => {
      const encoded = [...Buffer.from(line)].map((byte) => {
        const isPlain = (byte >= 33 && byte <= 126 && byte !== 61) || byte === 32
        return isPlain ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
      })
      const soft = [...Array(Math.ceil(encoded.length / 25)).keys()].map((row) =>
        encoded.slice(row * 25, row * 25 + 25),
      )
      return soft
        .map((row) => row.join(''))
        .join(`=${LINE}`)
        .replace(/ $/, '=20')
    })
    .join(LINE)
}

const base64Of = (text: string): string => foldedBase64(Buffer.from(text))

const foldedBase64 = (bytes: Buffer): string => bytes.toString('base64').replace(/.{76}/g, `$&${LINE}`)
