import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDatabase } from '../src/database/database.ts'
import { MailError } from '../src/mailbox/mail.ts'
import { mailboxIdOf } from '../src/mailbox/mailbox.ts'
import { Gate } from './gate.ts'
import { type MailServer, type MailServerOptions, message, PASSWORD, startMailServer } from './mail-server.ts'
import { testReading } from './mailbox/cases.ts'
import { allLines, createStages, type Stages, until, untilTold, wholeOf } from './mailbox/stage.ts'
import { timed } from './pace.ts'

let stage: Stages<MailServer, MailServerOptions>

beforeAll(async () => {
  stage = await createStages(startMailServer)
})

afterAll(async () => {
  await stage.close()
  // S7
  const told = allLines.map((line) => JSON.stringify(line) + String(line.err ?? '')).join('\n')
  expect(told).toContain('reading INBOX of')
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), Buffer.from(PASSWORD).toString('base64')])
    expect(told).not.toContain(secret)
})

testReading(() => stage)

it('where the server does not tell, it is looked for again and again', () =>
  stage.on(
    async ({ server, read }) => {
      const reader = read({ times: { pollMs: 20 } })
      await until(() => server.answered.filter((command) => command === 'UID SEARCH').length > 2)
      server.deliver(message('later'))
      await until(() => reader.received.length === 1)
      expect(reader.lines.filter(({ level }) => level !== 'info')).toEqual([])
    },
    { plugins: [] },
  ))

it('that all of it has been read is noted, however long nothing comes', () =>
  stage.on(async ({ read, database, mailbox }) => {
    const noted = async () => {
      const rows = database.query.selectFrom('mailboxes').where('id', '=', mailboxIdOf(mailbox))
      return (await rows.select('updated_at').executeTakeFirst())?.updated_at ?? 0
    }
    read({ times: { pollMs: 20 } })
    for (let before = 0, times = 0; times < 3; times++) {
      await until(async () => (await noted()) > before)
      before = await noted()
    }
  }))

it('what was read once is not read again by the next start, nor under another writing of INBOX', () =>
  stage.on(async ({ server, read, cursor }) => {
    server.deliver(message('one'))
    const first = read()
    await until(async () => (await cursor())?.last_uid === 1)
    await first.stop()
    const second = read({ mailbox: { folder: 'Inbox' } })
    server.deliver(message('two'))
    await until(() => second.received.length > 0)
    expect(second.received).toEqual([message('two')])
  }))

it('messages can be left as they are', () =>
  stage.on(async ({ server, read, cursor }) => {
    server.deliver(message('one'))
    read({ mailbox: { whenDone: { do: 'leave' } } })
    await until(async () => (await cursor())?.last_uid === 1)
    expect(server.messages()).toEqual([{ uid: 1, flags: [], raw: message('one') }])
  }))

it('messages are moved by a copy where the server knows no move', () =>
  stage.on(
    async ({ server, read, cursor }) => {
      for (const id of ['one', 'two']) server.deliver(message(id))
      read({ mailbox: { whenDone: { do: 'move', folder: 'Grabaciones de 2026' } } })
      await until(async () => (await cursor())?.last_uid === 2)
      expect(server.messages()).toEqual([])
      expect(server.messages('Grabaciones de 2026').map(({ raw }) => raw)).toEqual([message('one'), message('two')])
    },
    { plugins: ['UIDPLUS'] },
  ))

it('without a command that takes out one message alone, it is only marked: others may have marked theirs', () =>
  stage.on(
    async ({ server, read, cursor }) => {
      server.deliver(message('one'))
      read({ mailbox: { whenDone: { do: 'move', folder: 'Done' } } })
      await until(async () => (await cursor())?.last_uid === 1)
      expect(server.messages().map(({ flags }) => flags)).toEqual([['\\Deleted']])
      expect(server.messages('Done')).toHaveLength(1)
      expect(server.answered).not.toContain('EXPUNGE')
    },
    { plugins: [] },
  ))

it('a message that is none of ours is left as it is', () =>
  stage.on(async ({ server, read, cursor }) => {
    for (const id of ['private', 'ours']) server.deliver(message(id))
    read({
      mailbox: { whenDone: { do: 'move', folder: 'Done' } },
      receive: async (raw) => ({ result: (await wholeOf(raw)).includes('private') ? 'set_aside' : 'attached' }),
    })
    await until(async () => (await cursor())?.last_uid === 2)
    expect(server.messages()).toEqual([{ uid: 1, flags: [], raw: message('private') }])
    expect(server.messages('Done')).toHaveLength(1)
  }))

it('a message that is at fault itself is passed over with a line in the log, and the ones behind it are read', () =>
  stage.on(async ({ server, read, cursor }) => {
    for (const id of ['too-large', 'good']) server.deliver(message(id))
    const received: string[] = []
    const reader = read({
      receive: async (raw) => {
        const whole = await wholeOf(raw)
        if (whole.includes('too-large')) throw new MailError('The message is larger than 80 MB.')
        received.push(whole)
      },
    })
    await until(async () => (await cursor())?.last_uid === 2)
    expect(received).toEqual([message('good')])
    expect(reader.lines.filter(({ level }) => level === 'error')).toEqual([
      {
        level: 'error',
        message: 'a message is passed over, and left in the mailbox as it is',
        uid: 1,
        reason: 'The message is larger than 80 MB.',
      },
    ])
    expect(server.messages().map(({ flags }) => flags)).toEqual([[], ['\\Seen']])
    expect(await reader.metrics.registry.metrics()).toContain(
      'first_call_mailbox_messages_total{result="passed_over"} 1',
    )
  }))

it('a message that the database or the disk does not take is tried until it does, however long, and none goes before it', () =>
  stage.on(async ({ server, read, cursor }) => {
    for (const id of ['one', 'two']) server.deliver(message(id))
    const received: string[] = []
    let refusals = 0
    read({
      receive: async (raw) => {
        const whole = await wholeOf(raw)
        const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', syscall: 'write' })
        if (refusals++ < 9) throw full
        received.push(whole)
      },
    })
    await until(async () => (await cursor())?.last_uid === 2)
    expect(received).toEqual([message('one'), message('two')])
  }))

it('a message that fails three times without an outage does not hold up the others for ever', () =>
  stage.on(async ({ server, read, cursor }) => {
    for (const id of ['poison', 'good']) server.deliver(message(id))
    let tries = 0
    const reader = read({
      receive: async (raw) => {
        if (!(await wholeOf(raw)).includes('poison')) return
        tries++
        throw new TypeError('nobody has thought of this')
      },
    })
    await until(async () => (await cursor())?.last_uid === 2)
    expect(tries).toBe(3)
    await untilTold(reader, 'TypeError: nobody has thought of this')
    expect(server.messages().map(({ flags }) => flags)).toEqual([[], ['\\Seen']])
  }))

it('whoever takes the half of a message for the whole is not believed', () =>
  stage.on(async ({ server, proxy, read, cursor }) => {
    server.deliver(message('half') + 'x'.repeat(300_000))
    const lengths: number[] = []
    read({
      receive: async (raw) => {
        let length = 0
        try {
          for await (const part of raw) {
            length += part.byteLength
            if (lengths.length === 0) proxy.resetAfter(1_000)
          }
        } catch {}
        lengths.push(length)
      },
    })
    await until(async () => (await cursor())?.last_uid === 1)
    expect(lengths).toEqual([131_072, 300_000 + message('half').length])
  }))

it('a message is taken once more where the connection breaks while it is marked', () =>
  stage.on(async ({ server, proxy, read, cursor }) => {
    server.deliver(message('one'))
    server.onAnswer = (command) => {
      if (command !== 'UID STORE') return
      server.onAnswer = () => undefined
      proxy.reset()
    }
    const reader = read()
    await until(async () => (await cursor())?.last_uid === 1)
    expect(reader.received).toEqual([message('one'), message('one')])
    expect(reader.lines.map(({ message }) => message)).not.toContain('the server does not mark a message as seen')
  }))

it('while the database is away the cursor waits, and the message is not taken again', () =>
  stage.on(async ({ server, read, cursor }) => {
    const gate = await Gate.open(stage.connection)
    const database = openDatabase({ connection: gate.connection, hasPooler: false, onIdleError: () => undefined })
    const received: string[] = []
    const reader = read({
      database,
      receive: async (raw) => {
        received.push(await wholeOf(raw))
        if (received.length === 1) gate.refuse()
      },
    })
    server.deliver(message('one'))
    await untilTold(reader, 'the cursor of the mailbox cannot be moved yet')
    gate.forward()
    await until(async () => (await cursor())?.last_uid === 1)
    server.deliver(message('two'))
    await until(async () => (await cursor())?.last_uid === 2)
    expect(received).toEqual([message('one'), message('two')])
    await reader.stop()
    await database.close()
    await gate.close()
  }))

it('of two servers one reads, and the other takes over when that one stops', () =>
  stage.on(async ({ server, read, claimedUntil, cursor }) => {
    const times = { leaseMs: 1_500 }
    const first = read({ times })
    await untilTold(first, 'reading INBOX')
    const second = read({ times })
    const claimed = await claimedUntil()
    await until(async () => (await claimedUntil()) > claimed)
    server.deliver(message('one'))
    // Until the cursor is behind it, another would take it once more.
    await until(async () => (await cursor())?.last_uid === 1)
    expect(server.messages()[0]?.flags).toHaveLength(1)
    expect(second.lines).toEqual([])
    await first.stop()
    server.deliver(message('two'))
    await until(() => second.received.length === 1)
    expect(second.received).toEqual([message('two')])
    expect(first.received).toEqual([message('one')])
  }))

it('a server whose mailbox was taken by another lets go of it', () =>
  stage.on(async ({ server, read, database }) => {
    const slept = read({ times: { leaseMs: 60 } })
    await untilTold(slept, 'reading INBOX')
    await database.general.query(
      `update mailboxes set claimed_by = gen_random_uuid(), claimed_until = now() + interval '1 hour'`,
    )
    await untilTold(slept, 'is left to another server')
    server.deliver(message('one'))
    expect(slept.received).toEqual([])
    expect(await slept.metrics.registry.metrics()).toContain('first_call_mailbox_connected 0')
    await database.general.query(`delete from mailboxes`)
  }))

it.each([
  'before it has begun',
  'while it connects to a server that says nothing',
  'while it waits for news',
  'while the server is silent',
  'in the middle of a message',
])('it stops within a second: %s', (when) =>
  stage.on(async ({ server, proxy, read }) => {
    let isReceiving = false
    if (when.includes('connects')) proxy.stall()
    const reader = read({
      receive: () => {
        isReceiving = true
        return new Promise(() => undefined)
      },
    })
    if (when.includes('connects')) await until(() => proxy.connections() === 1)
    else if (!when.includes('before')) await until(() => server.answered.includes('UID SEARCH'))
    if (when.includes('is silent')) proxy.stall()
    if (!when.includes('waits')) server.deliver(message('one'))
    if (when.includes('middle')) await until(() => isReceiving)
    const { ms } = await timed(reader.stop())
    expect(ms).toBeLessThan(1_000)
  }),
)

it('by STARTTLS the connection becomes a private one before anybody logs in', () =>
  stage.on(
    async ({ server, read }) => {
      server.deliver(message('one'))
      const reader = read()
      await until(() => reader.received.length === 1)
      expect(server.answered.indexOf('STARTTLS')).toBeGreaterThanOrEqual(0)
      expect(server.answered.findIndex((command) => /LOGIN|AUTH/.test(command))).toBeGreaterThan(
        server.answered.indexOf('STARTTLS'),
      )
    },
    { tls: 'on demand' },
  ))

it('without TLS nobody logs in, on this machine neither', () =>
  stage.on(
    async ({ server, read }) => {
      const reader = read()
      const { reason } = await untilTold(reader, 'is tried again')
      expect(reason).toBe('127.0.0.1 offers no TLS on this port, and without it nobody logs in.')
      expect(server.answered.filter((command) => /LOGIN|AUTH/.test(command))).toEqual([])
    },
    { tls: 'never' },
  ))

it.each(['at once', 'on demand'] as const)(
  'a certificate that nobody we know has signed is not trusted: TLS %s',
  (tls) =>
    stage.on(
      async ({ server, read }) => {
        const reader = read({ mailbox: { trust: null } })
        const { reason } = await untilTold(reader, 'is tried again')
        expect(reason).toMatch(/^The certificate of 127\.0\.0\.1 cannot be trusted: .+ goes into MAILBOX_CA_FILE\.$/)
        expect(server.answered.filter((command) => /LOGIN|AUTH/.test(command))).toEqual([])
      },
      { tls },
    ),
)

it('a folder that is not there is told by name', () =>
  stage.on(async ({ read }) => {
    const reader = read({ mailbox: { folder: 'Grabaciones' } })
    const { reason } = await untilTold(reader, 'is tried again')
    expect(reason).toMatch(/^127\.0\.0\.1 says no, while reading Grabaciones: .+\.$/)
  }))
