import { ImapFlow } from 'imapflow'
import { expect, it } from 'vitest'
import { tellFigures } from '../figures.ts'
import { CERTIFICATE, type MailServerOptions, message, PASSWORD } from '../mail-server.ts'
import { createRandom } from '../zadarma/random.ts'
import {
  type AnyMailServer,
  type Stage,
  type Stages,
  storeIn,
  type TestReader,
  TIMES,
  until,
  untilTold,
} from './stage.ts'

/* R21, on whatever mail server. */

const SEED = Number(process.env.R21_SEED ?? Math.floor(Math.random() * 2 ** 31))
const MESSAGES = [message('one'), message('two', 'x'.repeat(140_000)), message('three')]

/** Tries a reader where nothing goes wrong. */
export function testReading(stages: () => Stages<AnyMailServer, MailServerOptions>): void {
  it('what is in the mailbox is received in its order, marked as seen, and remembered', () =>
    stages().on(async ({ server, read, cursor }) => {
      const messages = ['one', 'two', 'three'].map((id) => message(id))
      for (const raw of messages) await server.deliver(raw)
      const reader = read()
      await until(async () => (await cursor())?.last_uid === 3)
      expect(reader.received).toEqual(messages)
      expect((await server.messages()).map(({ flags }) => flags)).toEqual([['\\Seen'], ['\\Seen'], ['\\Seen']])
      const metrics = await reader.metrics.registry.metrics()
      expect(metrics).toContain('first_call_mailbox_connected 1')
      expect(metrics).toContain('first_call_mailbox_messages_total{result="read"} 3')
    }))

  it('a message that comes later is received at once, because the server tells of it', () =>
    stages().on(async ({ server, read, cursor }) => {
      const reader = read()
      await untilTold(reader, 'reading INBOX')
      await server.deliver(message('later'))
      await until(async () => (await cursor())?.last_uid === 1)
      expect(reader.received).toEqual([message('later')])
    }))

  it('a large message comes whole, part by part, with every byte that a message may have', () =>
    stages().on(async ({ server, read, cursor }) => {
      const bytes = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte).filter(isOfMail))
      const large = message('large', `${bytes}\r\n`.repeat(2_000))
      await server.deliver(large)
      const parts: Buffer[] = []
      read({
        receive: async (raw) => {
          for await (const part of raw) parts.push(Buffer.from(part))
        },
      })
      await until(async () => (await cursor())?.last_uid === 1)
      expect(parts.length).toBeGreaterThan(3)
      expect(Buffer.concat(parts).toString('latin1') === large).toBe(true)
    }))

  it('a message that ends where a part ends is whole, too', () =>
    stages().on(async ({ server, read }) => {
      const even = message('even', 'x'.repeat(2 * 128 * 1024 - message('even', '').length))
      await server.deliver(even)
      const reader = read()
      await until(() => reader.received.length === 1)
      expect(reader.received[0] === even).toBe(true)
    }))

  it('messages can be moved to a folder, which is made if need be', () =>
    stages().on(async ({ server, read, cursor }) => {
      for (const id of ['one', 'two']) await server.deliver(message(id))
      read({ mailbox: { whenDone: { do: 'move', folder: 'Heard' } } })
      await until(async () => (await cursor())?.last_uid === 2)
      expect(await server.messages()).toEqual([])
      expect((await server.messages('Heard')).map(({ raw }) => raw)).toEqual([message('one'), message('two')])
    }))

  it('where TLS does not come with the connection, it is made private before anybody logs in', () =>
    stages().on(
      async ({ server, read }) => {
        await server.deliver(message('one'))
        const reader = read()
        await until(() => reader.received.length === 1)
        expect(reader.lines.map(({ level }) => level)).toEqual(['info'])
      },
      { tls: 'on demand' },
    ))
}

/** NUL is nowhere allowed, and a line ends with both of the others. */
const isOfMail = (byte: number): boolean => ![0, 10, 13].includes(byte)

/** Tries a reader against everything that may happen between it and its mailbox. */
export function testFaults(stages: () => Stages<AnyMailServer, object>, resets: number): void {
  it(`the connection is reset at ${resets} random bytes: each message comes whole, once more at most, and none is missed`, async () => {
    process.stderr.write(`R21: seed ${SEED}\n`)
    const random = createRandom(SEED)
    const bytes = await bytesOfReading(stages())
    let broken = 0
    for (let reset = 0; reset < resets; reset++) {
      const at = random.between(1, bytes)
      await stages().on(async ({ server, proxy, read, cursor }) => {
        for (const raw of MESSAGES) await server.deliver(raw)
        proxy.resetAfter(at)
        const reader = read()
        await until(async () => reader.received.length >= 3 && (await cursor())?.last_uid === 3)
        const times = MESSAGES.map((raw) => reader.received.filter((received) => received === raw).length)
        expect({ at, missed: times.includes(0), others: reader.received.length - sum(times) }).toEqual({
          at,
          missed: false,
          others: 0,
        })
        expect(sum(times)).toBeLessThanOrEqual(MESSAGES.length + 1)
        expect((await server.messages()).map(({ flags }) => flags)).toEqual([['\\Seen'], ['\\Seen'], ['\\Seen']])
        expectShortWaits(reader)
        broken += proxy.connections() - 1
      })
    }
    tellFigures(
      'R21',
      `${resets} resets at random bytes, ${broken} connections broken, no message missed, seed ${SEED}`,
    )
    // The last bytes may not be missed by anybody.
    expect(broken).toBeGreaterThan(resets * 0.8)
  })

  it('(control) a reader that moves its cursor before it has the message misses some', async () => {
    const random = createRandom(SEED)
    const bytes = await bytesOfReading(stages())
    let missed = 0
    for (let reset = 0; reset < 5; reset++) {
      await stages().on(async (stage) => {
        for (const raw of MESSAGES) await stage.server.deliver(raw)
        stage.proxy.resetAfter(random.between(1, bytes))
        const received = await readCarelessly(stage)
        missed += MESSAGES.filter((raw) => !received.includes(raw)).length
      })
    }
    tellFigures('R21', `a careless reader misses ${missed} messages in 5 resets`, true)
    expect(missed).toBeGreaterThan(0)
  })

  it('a server that falls silent in the middle of a message is given up, and the message comes on the next connection', () =>
    stages().on(async ({ server, proxy, read, cursor }) => {
      await server.deliver(message('long', 'x'.repeat(300_000)))
      let isStalled = false
      const wholes: string[] = []
      const reader = read({
        times: { answerMs: 300 },
        receive: async function receive(raw) {
          const parts: Uint8Array[] = []
          for await (const part of raw) {
            if (!isStalled) proxy.stall()
            isStalled = true
            parts.push(part)
          }
          wholes.push(Buffer.concat(parts).toString('latin1'))
        },
      })
      await untilTold(reader, 'did not answer within 0.3 s')
      proxy.forward()
      await until(async () => (await cursor())?.last_uid === 1)
      expect(wholes).toEqual([message('long', 'x'.repeat(300_000))])
      expectShortWaits(reader)
    }))

  it('a server that falls silent while nothing comes is given up, too', () =>
    stages().on(async ({ server, proxy, read }) => {
      const reader = read({ times: { pollMs: 50, answerMs: 300 } })
      await untilTold(reader, 'reading INBOX')
      proxy.stall()
      await server.deliver(message('meanwhile'))
      await untilTold(reader, 'did not answer within 0.3 s')
      expect(reader.received).toEqual([])
      proxy.forward()
      await until(() => reader.received.length === 1)
      expectShortWaits(reader)
    }))

  it('a log-in that is refused is tried again after the longest wait, and works once the server takes it', () =>
    stages().on(async ({ server, read, cursor }) => {
      await server.deliver(message('one'))
      await server.setPassword('another, longer password')
      const reader = read()
      const { reason, waitMs } = await untilTold(reader, 'refuses the log-in of')
      expect(reason).toMatch(/^127\.0\.0\.1 refuses the log-in of recordings-\d+@example\.com: .+\.$/)
      expect(waitMs).toBe(TIMES.longestWaitMs)
      expect(reader.received).toEqual([])
      await server.setPassword(PASSWORD)
      await until(async () => (await cursor())?.last_uid === 1)
      expect(reader.received).toEqual([message('one')])
    }))

  it('where the server counts its messages anew, all of them are read once more, and the cursor counts with it', () =>
    stages().on(async ({ server, proxy, read, cursor }) => {
      for (const id of ['one', 'two']) await server.deliver(message(id))
      const reader = read()
      await until(async () => (await cursor())?.last_uid === 2)
      const before = await cursor()
      proxy.stall()
      proxy.reset()
      await server.recount()
      await server.deliver(message('three'))
      proxy.reset()
      proxy.forward()
      await until(() => reader.received.length === 5)
      await until(async () => (await cursor())?.last_uid === 3)
      expect(reader.received).toEqual(['one', 'two', 'one', 'two', 'three'].map((id) => message(id)))
      expect((await cursor())?.uid_validity).not.toBe(before?.uid_validity)
    }))

  it('one message that is there three times is read three times, and is one for whoever knows it by its key', () =>
    stages().on(async ({ server, read, cursor, database }) => {
      for (let copy = 0; copy < 3; copy++) await server.deliver(message('again'))
      const stored: number[] = []
      read({ receive: async (raw) => void stored.push(await storeIn(database, raw)) })
      await until(async () => (await cursor())?.last_uid === 3)
      expect(stored).toEqual([1, 0, 0])
    }))
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

/** What passes while the messages are read without any fault. */
async function bytesOfReading(stages: Stages<AnyMailServer, object>): Promise<number> {
  let bytes = 0
  await stages.on(async ({ server, proxy, read, cursor }) => {
    for (const raw of MESSAGES) await server.deliver(raw)
    read()
    await until(async () => (await cursor())?.last_uid === 3)
    bytes = proxy.passed()
  })
  return bytes
}

/** As one would write it who has not read R21. */
async function readCarelessly({ mailbox }: Stage<AnyMailServer>): Promise<string[]> {
  const { host, port, user, password } = mailbox
  const received: string[] = []
  let cursor = 0
  while (cursor < MESSAGES.length) {
    const auth = { user, pass: password ?? '' }
    const client = new ImapFlow({ host, port, secure: true, auth, tls: { ca: CERTIFICATE }, logger: false })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.mailboxOpen('INBOX')
      while (cursor < MESSAGES.length) {
        cursor++
        const [found] = await client.fetchAll(String(cursor), { source: true }, { uid: true })
        if (found?.source !== undefined) received.push(found.source.toString('latin1'))
      }
    } catch {}
    client.close()
  }
  return received
}

/** It is back within the longest wait that was set. */
function expectShortWaits({ lines }: TestReader): void {
  for (const { waitMs } of lines) if (waitMs !== undefined) expect(waitMs).toBeLessThanOrEqual(TIMES.longestWaitMs)
}
