import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { messagesOfFile } from './mail-file.ts'

async function read(text: string, cuts: readonly number[] = []): Promise<string[]> {
  const bytes = Buffer.from(text)
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  const pieces = places.map((place, index) => bytes.subarray(place, places[index + 1] ?? bytes.length))
  const messages: string[] = []
  for await (const chunks of messagesOfFile(Readable.from(pieces.filter(({ length }) => length > 0)))) {
    let message = ''
    for await (const chunk of chunks) message += Buffer.from(chunk).toString()
    messages.push(message)
  }
  return messages
}

const FROM = 'From a@b.es Mon Mar  2 10:15:00 2026\n'

describe('an mbox', () => {
  it('has its messages, without the lines that part them', async () => {
    expect(await read(`${FROM}A: 1\n\none\n\n${FROM}A: 2\n\ntwo\n\n`)).toEqual(['A: 1\n\none\n', 'A: 2\n\ntwo\n'])
  })

  it('quotes lines that look like those', async () => {
    const text = `${FROM}A: 1\n\n>From me\n>>From you\n> From x\n>Fro\nFrom here on\n`
    expect(await read(text)).toEqual(['A: 1\n\nFrom me\n>From you\n> From x\n>Fro\nFrom here on\n'])
  })

  it('is not parted by a sentence', async () => {
    const text = `${FROM}A: 1\n\none\n\nFrom now on we answer.\n\n${FROM}A: 2\n\n`
    expect(await read(text)).toEqual(['A: 1\n\none\n\nFrom now on we answer.\n', 'A: 2\n'])
  })

  it('may have lines that end as on another system', async () => {
    expect(await read(`${FROM}A: 1\n\none\n\n${FROM}A: 2\n\n>From two\n`.replaceAll('\n', '\r\n'))).toEqual([
      'A: 1\r\n\r\none\r\n',
      'A: 2\r\n\r\nFrom two\r\n',
    ])
  })

  it('may leave messages unread', async () => {
    const subjects: string[] = []
    const file = Readable.from([Buffer.from(`${FROM}A: 1\n\none\n\n${FROM}A: 2\n\ntwo\n\n${FROM}A: 3\n\n`)])
    for await (const chunks of messagesOfFile(file)) {
      for await (const chunk of chunks) {
        subjects.push(Buffer.from(chunk).toString().slice(0, 4))
        break
      }
    }
    expect(subjects).toEqual(['A: 1', 'A: 2', 'A: 3'])
  })

  const line = fc.constantFrom('', 'a', 'From', 'From ', FROM.trim(), '>From b', '>>>>From ', '>', '\r', 'A: b')

  it('reads the same in whatever pieces it comes', () =>
    fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), fc.array(fc.nat(300)), async (lines, cuts) => {
        const text = `${FROM}${lines.join('\n')}`
        expect(await read(text, cuts)).toEqual(await read(text))
      }),
    ))

  it('gives back every message that was put into one', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.array(line, { maxLength: 6 }), { minLength: 1, maxLength: 4 }), async (messages) => {
        const texts = messages.map((lines) => `A: 1\n${lines.map((one) => `${one}\n`).join('')}`)
        const quoted = texts.map((text) => text.replace(/^(>*From )/gm, '>$1'))
        const mbox = quoted.map((text) => `${FROM}${text}\n`).join('')
        const trimmed = (all: readonly string[]) => all.map((text) => text.replace(/\n+$/, ''))
        expect(trimmed(await read(mbox))).toEqual(trimmed(texts))
      }),
    ))
})

describe('another file', () => {
  it('is one message', async () => {
    expect(await read('From: a@b.es\n\n>From the start\n')).toEqual(['From: a@b.es\n\n>From the start\n'])
    expect(await read('')).toEqual([''])
  })
})
