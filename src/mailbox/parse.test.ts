import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { audioName, base64Lines, buildMail } from '../../test/mail-builder.ts'
import { audioOf } from '../../test/zadarma/audio.ts'
import { audioIdOf } from './audio-id.ts'
import { HEADER_BYTES } from './header.ts'
import { parseMail } from './parse.ts'

const MESSAGE = '019d0000-0000-7000-8000-000000000001'
const RECEIVED_AT = Date.parse('2026-03-02T09:20:00Z')

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-parse-'))
})

afterAll(() => rm(folder, { recursive: true }))

function parse(raw: Buffer | string, maximumBytes = 1_000_000, messageId = MESSAGE) {
  const bytes = Buffer.from(raw as string)
  // As pieces that end anywhere.
  const pieces = Array.from({ length: Math.ceil(bytes.length / 1_000) }, (_, place) =>
    bytes.subarray(place * 1_000, (place + 1) * 1_000),
  )
  const place = { folder, messageId, receivedAt: RECEIVED_AT, tries: 1, maximumBytes }
  return parseMail(Readable.from(pieces), bytes.subarray(0, HEADER_BYTES), place)
}

const mp3 = audioOf('1772442900.1', 'mp3')

describe('a message', () => {
  it('is its sender, subject, date, text and recordings, which are files then', async () => {
    const name = audioName('1772442900.1')
    const raw = buildMail({
      messageId: '<1@zadarma.com>',
      text: 'Número: 612 345 678\n',
      audio: [{ name, bytes: mp3 }],
    })
    const id = audioIdOf(MESSAGE, 0)
    expect(await parse(raw)).toEqual({
      from: 'noreply@zadarma.com',
      subject: 'Grabación de llamada',
      date: Date.parse('2026-03-02T09:20:00Z'),
      messageId: '<1@zadarma.com>',
      text: 'Número: 612 345 678\n',
      audio: [
        {
          id,
          name,
          fileName: `2026-03/${id}.mp3`,
          contentType: 'audio/mpeg',
          sizeBytes: mp3.length,
          sha256: createHash('sha256').update(mp3).digest('hex'),
        },
      ],
      remarks: [],
    })
    expect(await readFile(path.join(folder, '2026-03', `${id}.mp3`))).toEqual(mp3)
  })

  it('that is read again writes the same files again', async () => {
    const raw = buildMail({ audio: [1, 2].map((number) => ({ name: `${number}.mp3`, bytes: mp3 })) })
    const other = '019d0000-0000-7000-8000-000000000002'
    const first = await parse(raw, 1_000_000, other)
    const before = await readdir(path.join(folder, '2026-03'))
    expect(await parse(raw, 1_000_000, other)).toEqual(first)
    expect(await readdir(path.join(folder, '2026-03'))).toEqual(before)
    // In the order of their parts.
    expect(first.audio.map(({ id }) => id)).toEqual(first.audio.map(({ id }) => id).sort())
  })

  it.each([
    ['a quoted name', 'Content-Disposition: attachment; filename="llamada.mp3"', 'llamada.mp3'],
    [
      'a name of RFC 2231',
      "Content-Disposition: attachment; filename*=utf-8''grabaci%C3%B3n%20de%20Ana.MP3",
      'grabación de Ana.MP3',
    ],
    [
      'a name of RFC 2231 in two pieces',
      'Content-Disposition: attachment; filename*0*=utf-8\'\'grabaci%C3%B3n; filename*1=" 1.mp3"',
      'grabación 1.mp3',
    ],
    ['encoded words', 'Content-Disposition: attachment; filename="=?utf-8?Q?grabaci=C3=B3n.mp3?="', 'grabación.mp3'],
    ['a name of its type', 'Content-Type: application/octet-stream; name="llamada.mp3"', 'llamada.mp3'],
    ['no name, but a type', 'Content-Type: audio/x-mp3', ''],
    ['a way out of the folder', 'Content-Disposition: attachment; filename="../../../etc/passwd.mp3"', undefined],
  ])('finds audio with %s', async (_, line, name) => {
    const raw = `From: a@b.es\r\n${line}\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64Lines(mp3)}\r\n`
    const { audio } = await parse(raw)
    expect(audio).toHaveLength(1)
    expect(audio[0]?.fileName).toBe(`2026-03/${audioIdOf(MESSAGE, 0)}.mp3`)
    if (name !== undefined) expect(audio[0]?.name).toBe(name)
  })

  it('has the text of its plain part, else that of its HTML', async () => {
    const html =
      '<style>p{}</style><table><tr><td>N&uacute;mero:</td><td><b>612</b></td></tr><tr><td>x</td></tr></table>'
    expect((await parse(buildMail({ text: 'plain', html }))).text).toBe('plain')
    expect((await parse(buildMail({ text: ' \n', html }))).text).toBe('Número:\t612\nx')
  })

  it.each([
    ['iso-8859-1', Buffer.from('N\xfamero', 'latin1')],
    ['windows-1252', Buffer.from('N\xfamero', 'latin1')],
    ['utf-16le', Buffer.from('Número', 'utf16le')],
    ['nobody-knows', Buffer.from('Número')],
    ['us-ascii', Buffer.from('N\xfamero', 'latin1')],
  ])('is read in %s', async (charset, bytes) => {
    const head = `From: a@b.es\r\nContent-Type: text/plain; charset=${charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n`
    expect((await parse(head + base64Lines(bytes))).text).toBe('Número')
  })

  it('puts the lines of flowed text together', async () => {
    const head = 'From: a@b.es\r\nContent-Type: text/plain; format=flowed\r\n\r\n'
    expect((await parse(`${head}Duración: \r\n42 s\r\n-- \r\nAna`)).text).toBe('Duración: 42 s\n-- \nAna')
  })

  it('says what it leaves out: audio that is none, and audio that is too large', async () => {
    const audio = [
      { name: 'a.mp3', bytes: Buffer.from('MZ this is a program, and no music') },
      { name: 'b.mp3', bytes: mp3 },
      { name: 'c.mp3', bytes: Buffer.concat([mp3, mp3, mp3]) },
    ]
    const { audio: kept, remarks } = await parse(buildMail({ audio }), mp3.length)
    expect(kept.map(({ name }) => name)).toEqual(['b.mp3'])
    expect(remarks).toEqual([
      expect.stringMatching(/^The attachment "a\.mp3" is left out\. What came is no audio/),
      expect.stringMatching(/^The attachment "c\.mp3" is left out\. It is larger than /),
    ])
  })

  it('does not look into attachments that are no audio', async () => {
    const audio = [{ name: 'notes.txt', bytes: Buffer.from('Número: 1'), type: 'text/plain' }]
    expect((await parse(buildMail({ text: 'x', audio }))).text).toBe('x')
  })

  it('has no more text than is of use, however long it is', async () => {
    const { text } = await parse(`From: a@b.es\r\n\r\n${'long '.repeat(500_000)}`)
    expect(text.length).toBe(512 * 1024)
  })

  it('that is cut short has what came', async () => {
    const name = audioName('1772442900.1')
    const raw = buildMail({ audio: [{ name, bytes: mp3 }] })
    const { audio } = await parse(raw.subarray(0, raw.length - 4_000))
    expect(audio.map(({ sizeBytes }) => sizeBytes < mp3.length)).toEqual([true])
  })

  it.each([
    [
      'a header of 300 KiB',
      `From: a@b.es\r\nX: ${'x'.repeat(300 * 1024)}\r\n\r\nhi`,
      'header of the message is larger',
    ],
    ['1100 lines of header', `From: a@b.es\r\n${'X: 1\r\n'.repeat(1_100)}\r\nhi`, 'more than 1000 lines'],
    ['300 parts', nested('mixed', 300, 1), 'more than 200 parts'],
    ['parts 50 deep', nested('mixed', 1, 50), 'deeper than 20 levels'],
  ])('of %s is refused in words', async (_, raw, words) => {
    await expect(parse(raw)).rejects.toMatchObject({ name: 'MailError', message: expect.stringContaining(words) })
  })
})

function nested(kind: string, parts: number, depth: number): string {
  let body = Array.from({ length: parts }, (_, place) => `Content-Type: text/plain\r\n\r\n${place}\r\n`)
  for (let level = 0; level < depth; level++) {
    const inner = body.map((one) => `--b${level}x\r\n${one}`).join('')
    body = [`Content-Type: multipart/${kind}; boundary=b${level}x\r\n\r\n${inner}--b${level}x--\r\n`]
  }
  return `From: a@b.es\r\n${body[0]}`
}
