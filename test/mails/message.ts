import { createHash } from 'node:crypto'
import type { MailAudio, ParsedMail } from '../../src/mailbox/mail.ts'
import { readAccountTime } from '../../src/zadarma/account-time.ts'
import { ACCOUNT, type KnownCall } from './calls.ts'
import { type AudioPart, audioBytes, mimeOf, type TextEncoding } from './mime.ts'

type Layout =
  | 'plain lines'
  | 'HTML table'
  | 'HTML table with a head'
  | 'HTML prose'
  | 'plain prose'
  | 'subject only'
  | 'file name only'
  | 'forwarded'
  | 'several attachments'

/** By what a mail is matched to its call. */
type MatchedBy = 'pbx_call_id' | 'recording_id' | 'number_extension_start' | 'number_start'

/** What must become of a mail: it is a known call's, that of a new call, or a person decides. */
export type Belonging = { call: string; by: MatchedBy } | 'a new call' | 'a person decides'

/** What must be read from a mail. */
export interface Understood {
  pbxCallId: string | null
  direction: KnownCall['direction'] | null
  phoneNumber: string | null
  extension: string | null
  startedAt: number | null
  durationSeconds: number | null
  summary: string | null
  /** Of each audio part. */
  recordingIds: readonly (string | null)[]
}

/** A made-up mail: how it is written, what must be read from it, and to which call it belongs. */
export interface MadeUpMail {
  /** What is particular about it. */
  title: string
  language: 'es' | 'en'
  layout: Layout
  from: string
  subject: string
  sentAt: number
  body: readonly Block[]
  /** Whether the text is also there for readers that know no HTML. */
  hasBoth: boolean
  encoding: TextEncoding
  audio: readonly AudioPart[]
  understood: Understood
  belongsTo: Belonging
}

/** A piece of a body: as HTML, and as the text that is left of it. */
export interface Block {
  type: 'plain' | 'html'
  source: string
  text: string
}

/** Lines of plain text. */
export function lines(...text: readonly string[]): Block {
  return { type: 'plain', source: text.join('\n'), text: text.join('\n') }
}

/** Paragraphs of HTML, which may hold tags within a line. */
export function prose(...paragraphs: readonly string[]): Block {
  const text = paragraphs.map((paragraph) => paragraph.replace(/<[^>]+>/g, '').replace(/&nbsp;/g, '\u00a0'))
  return {
    type: 'html',
    source: paragraphs.map((paragraph) => `<p>${paragraph}</p>`).join('\n'),
    text: text.join('\n'),
  }
}

/** A table of HTML: its rows, and the cells of each. */
export function table(...rows: readonly (readonly string[])[]): Block {
  const row = (cells: readonly string[]): string => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
  return {
    type: 'html',
    source: `<table border="0" cellpadding="4">\n${rows.map(row).join('\n')}\n</table>`,
    text: rows.map((cells) => cells.join('\t')).join('\n'),
  }
}

/** An attached recording. */
export function mp3(name: string, writing: AudioPart['writing'] = 'quoted', contentType = 'audio/mpeg'): GivenAudio {
  return { name, writing, contentType, format: 'mp3' }
}

/** A moment on the account's clock. */
export function local(text: string): number {
  return readAccountTime(text, ACCOUNT.zone) ?? Number.NaN
}

type Given = Pick<MadeUpMail, 'title' | 'language' | 'layout' | 'subject' | 'sentAt' | 'belongsTo'> &
  Partial<Omit<MadeUpMail, 'understood' | 'audio'>> & { understood: Partial<Understood>; audio?: readonly GivenAudio[] }

type GivenAudio = Omit<AudioPart, 'of'>

/** A mail of which only is said what matters. */
export function madeUp(given: Given): MadeUpMail {
  const audio = (given.audio ?? []).map((part, place) => ({ ...part, of: `${given.title}, ${place}` }))
  return {
    from: 'Zadarma <noreply@zadarma.com>',
    body: [],
    hasBoth: false,
    encoding: 'quoted-printable',
    ...given,
    audio,
    understood: {
      pbxCallId: null,
      direction: null,
      phoneNumber: null,
      extension: null,
      startedAt: null,
      durationSeconds: null,
      summary: null,
      recordingIds: audio.map(() => null),
      ...given.understood,
    },
  }
}

/** The message as a mail server gives it. */
export function rawOf(mail: MadeUpMail): Buffer {
  const isHtml = mail.body.some(({ type }) => type === 'html')
  const html = { type: 'html', text: htmlOf(mail.body) } as const
  const plain = { type: 'plain', text: textOf(mail) } as const
  const texts = isHtml ? (mail.hasBoth ? [plain, html] : [html]) : [plain]
  return mimeOf({ ...mail, to: 'ventas@example.com', date: new Date(mail.sentAt), messageId: messageIdOf(mail), texts })
}

/** The message as it must come out of the parser, but for names and ids of stored files. */
export function parsedOf(mail: MadeUpMail): ParsedMail {
  return {
    from: /<([^<>]+)>$/.exec(mail.from)?.[1]?.toLowerCase() ?? mail.from.toLowerCase(),
    subject: mail.subject,
    date: mail.sentAt,
    messageId: messageIdOf(mail),
    text: textOf(mail),
    audio: mail.audio.map(storedAudio),
    remarks: [],
  }
}

/** Each made-up mail has its own. */
export function messageIdOf({ title }: MadeUpMail): string {
  return `<${createHash('sha1').update(title).digest('hex').slice(0, 20)}@pbx.zadarma.example>`
}

const textOf = ({ body }: MadeUpMail): string => body.map(({ text }) => text).join('\n')

function htmlOf(body: readonly Block[]): string {
  const sources = body.map(({ type, source }) => (type === 'html' ? source : `<pre>${source}</pre>`))
  return `<html><head><title>Zadarma</title><style>td { color: #333 }</style></head><body>\n${sources.join('\n')}\n</body></html>`
}

function storedAudio(part: AudioPart, place: number): MailAudio {
  const bytes = audioBytes(part)
  const id = `00000000-0000-8000-8000-${String(place).padStart(12, '0')}`
  return {
    id,
    name: part.name,
    fileName: `2026-03/${id}.${part.format}`,
    contentType: ({ mp3: 'audio/mpeg', wav: 'audio/wav', ogg: 'audio/ogg' } as const)[part.format],
    sizeBytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  }
}
