import { createSecureContext } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { firstIdAfter } from '../src/inbox/store.ts'
import { checkMailbox } from '../src/mailbox/check.ts'
import { type MailboxConfig, mailboxIdOf } from '../src/mailbox/mailbox.ts'
import { CERTIFICATE, PASSWORD, startMailServer } from './mail-server.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'
import { startZadarmaServer } from './zadarma-server.ts'

/* How the doors are, in plain values; and what is wrong with them, with what to do. */

const MAILBOX: MailboxConfig = {
  host: '127.0.0.1',
  port: 1,
  isTlsFromStart: true,
  user: 'recordings@example.com',
  password: 'never told to anybody',
  folder: 'INBOX',
  whenDone: { do: 'mark' },
  oauth: null,
  trust: null,
}

let database: TestDatabase
let service: TestService
let withMailbox: TestService

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService({ ...database, zadarma: { key: null, secret: null } })
  withMailbox = await createTestService({ ...database, about: { mailbox: MAILBOX } })
})

afterAll(async () => {
  await service.close()
  await withMailbox.close()
  await database.drop()
})

const state = async (of = service) => (await of.request('GET', '/api/crm/state')).body

const EMPTY = {
  pbx: { configured: false, last_notification_at: null, last_reconciled_at: null },
  mailbox: { configured: false, last_message_at: null, last_read_at: null, fault: null },
  inbox: { waiting: 0, oldest_waiting_at: null, set_aside: 0 },
  calls: { pending: 0, oldest_pending_at: null },
  recordings: { expected: 0, missing: 0 },
  retention: { recordings_days: null, inbox_days: 30, mail_days: 365 },
  version: '0.0.0',
}

const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString()

const message = (door: string, at: string, settled: { result: string; reason: string } | null, place: number) =>
  service.sql(
    `insert into inbox (id, door, received_at, body, event, result, reason, handled_at, due_at)
     values ($1, $2, $3, '', 'x', $4, $5, $6, $7)`,
    [
      firstIdAfter(Date.parse(at)).replace(/.$/, String(place)),
      door,
      at,
      settled?.result ?? null,
      settled?.reason ?? null,
      settled === null ? null : at,
      settled === null ? at : null,
    ],
  )

describe('the state', () => {
  it('says what is not set up, and that nothing has come', async () => {
    expect(await state()).toEqual(EMPTY)
    expect(await state(withMailbox)).toEqual({
      ...EMPTY,
      pbx: { ...EMPTY.pbx, configured: true, last_reconciled_at: expect.stringMatching(/Z$/) },
      mailbox: { ...EMPTY.mailbox, configured: true, fault: 'never_read' },
    })
  })

  it('says when something came last, what waits, and what was set aside within a day', async () => {
    const [now, before, yesterday] = [ago(1), ago(3), ago(25 * 60)]
    await message('zadarma', before, { result: 'call', reason: 'x' }, 1)
    await message('zadarma', yesterday, null, 2)
    await message('mail', before, { result: 'kept', reason: 'no_recording' }, 3)
    await message('mail', now, { result: 'kept', reason: 'review' }, 4)
    await message('mail', yesterday, { result: 'kept', reason: 'no_recording' }, 5)
    const { body: call } = await service.request('POST', '/api/crm/calls', { direction: 'outbound' })
    await service.sql("update calls set outcome = 'pending', pending_since = $2, due_at = $2 where id = $1", [
      call.id,
      before,
    ])
    const recordings = [
      ['expected', now, now],
      ['missing', now, null],
      ['missing', yesterday, null],
    ]
    for (const [status, at, due] of recordings) {
      await service.sql(
        `insert into recordings (id, call_id, provider, status, created_at, due_at)
         values (gen_random_uuid(), $1, 'pbx', $2, $3, $4)`,
        [call.id, status, at, due],
      )
    }
    const answer = await state()
    expect(answer).toEqual({
      ...EMPTY,
      pbx: { ...EMPTY.pbx, last_notification_at: written(before) },
      mailbox: { ...EMPTY.mailbox, last_message_at: written(now) },
      inbox: { waiting: 1, oldest_waiting_at: written(yesterday), set_aside: 1 },
      calls: { pending: 1, oldest_pending_at: written(before) },
      recordings: { expected: 1, missing: 1 },
    })
  })

  const written = (at: string): string => at.replace('.000Z', 'Z')

  it('says when the mailbox was read last, and that this is too long ago', async () => {
    const id = mailboxIdOf(MAILBOX)
    const read = async (at: string) => {
      await service.sql(
        `insert into mailboxes (id, uid_validity, updated_at) values ($1, 1, $2)
         on conflict (id) do update set updated_at = $2`,
        [id, at],
      )
      return (await state(withMailbox)).mailbox
    }
    const [fresh, old] = [ago(4), ago(6)]
    expect(await read(fresh)).toMatchObject({ last_read_at: written(fresh), fault: null })
    expect(await read(old)).toMatchObject({ last_read_at: written(old), fault: 'not_read_any_more' })
  })
})

describe('a check', () => {
  const check = async (name: string, of = service) => (await of.request('POST', `/api/admin/checks/${name}`)).body.data

  it('says what is not set up, and what to do', async () => {
    expect((await check('zadarma'))[0]).toEqual({
      what: 'key and secret',
      ok: false,
      detail: 'they are not set',
      todo: expect.stringContaining('ZADARMA_KEY'),
    })
    expect(await check('mailbox')).toEqual([
      { what: 'mailbox', ok: null, detail: expect.any(String), todo: expect.stringContaining('MAILBOX_URL') },
    ])
  })

  it('says what cannot be reached, and keeps to itself what is secret', async () => {
    expect((await check('zadarma', withMailbox))[0]).toMatchObject({ what: 'key and secret', ok: false })
    const found = await check('mailbox', withMailbox)
    expect(found).toEqual([
      { what: 'mailbox', ok: false, detail: expect.stringContaining('127.0.0.1'), todo: expect.any(String) },
    ])
    expect(JSON.stringify(found)).not.toContain(MAILBOX.password)
  })

  it('says what is in order; of two who ask at once, both get the same answer', async () => {
    const account = { key: 'a-key', secret: 'a-secret' }
    const server = await startZadarmaServer({ ...account, zone: 'Europe/Madrid' })
    const mails = await startMailServer(MAILBOX.user)
    const trust = createSecureContext({ ca: CERTIFICATE })
    const mailbox = { ...MAILBOX, port: mails.port, password: PASSWORD, trust }
    const whole = await createTestService({
      ...database,
      zadarma: { ...account, apiUrl: server.url },
      about: { mailbox },
    })
    try {
      const [one, other] = await Promise.all([check('zadarma', whole), check('zadarma', whole)])
      expect(one[0]).toMatchObject({ what: 'key and secret', ok: true, todo: null })
      expect(other).toEqual(one)
      expect(server.requests.map(({ path }) => path)).toEqual(['/v1/info/timezone/', '/v1/pbx/callinfo/'])
      expect(await check('mailbox', whole)).toEqual([
        { what: 'log-in', ok: true, detail: `127.0.0.1 lets ${MAILBOX.user} in`, todo: null },
        { what: 'folder', ok: true, detail: 'INBOX can be opened', todo: null },
        { what: 'senders', ok: true, detail: 'messages are taken from zadarma.com', todo: null },
      ])
      const wrong = { ...mailbox, password: 'not this one' }
      const { signal } = new AbortController()
      expect(await checkMailbox({ mailbox: wrong, allowedSenders: [], signal })).toMatchObject([
        { what: 'mailbox', ok: false, todo: expect.stringContaining('password') },
      ])
    } finally {
      await whole.close()
      await mails.close()
      await server.close()
    }
  })

  it('ends with the service', async () => {
    const signal = AbortSignal.abort(new Error('over'))
    await expect(checkMailbox({ mailbox: MAILBOX, allowedSenders: [], signal })).rejects.toThrow('over')
  })
})
