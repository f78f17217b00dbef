import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sweepWaiting, waitingLinker } from '../src/contacts/relink.ts'
import { handleMessage, sweepInbox } from '../src/inbox/inbox.ts'
import { findMessage, listMessages } from '../src/inbox/store.ts'
import { ZADARMA } from './doors.ts'
import { createTestDatabase, createTestService, SOMEBODY, type TestDatabase, type TestService } from './service.ts'
import { localTime } from './zadarma/local-time.ts'
import * as door from './zadarma-door.ts'
import { type Fields, newNumber, outEnd, outId, outStart } from './zadarma-door.ts'
import { signedNotification } from './zadarma-server.ts'

/* The door of the PBX: notifications become calls, and calls attempts. */

let database: TestDatabase
let service: TestService

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService(database)
})

afterAll(async () => {
  await service.close()
  await database.drop()
})

async function notify(
  fields: Fields,
  to = service,
  url = '/api/zadarma/webhook',
  headers: Record<string, string> = {},
) {
  const signed = signedNotification(fields, ZADARMA.secret ?? '')
  return to.app.inject({ method: 'POST', url, payload: signed.body, headers: { ...signed.headers, ...headers } })
}

const lead = (number: string, name?: string) => door.lead(service, number, name)
const callOf = (pbxCallId: string) => door.callOf(service, pbxCallId)
const attemptsOf = (opportunityId: string) => door.attemptsOf(service, opportunityId)

describe('a notification', () => {
  it('becomes a call, linked to its contact, and an attempt', async () => {
    const number = newNumber()
    const { contactId, opportunityId } = await lead(number)
    const id = outId()
    const started = await notify(outStart(id, number))
    expect([started.statusCode, started.body]).toEqual([200, ''])
    expect(await callOf(id)).toMatchObject({
      direction: 'outbound',
      entity_type: 'contacts',
      entity_id: contactId,
      phone_number: number,
      extension: '101',
      started_at: '2026-03-02T09:15:00Z',
      call_status: null,
      attempt: { outcome: 'registered', opportunity_id: opportunityId, number: 1, status: 'orange' },
      link: { how: 'number', candidates: [contactId] },
      recordings: [],
    })
    await notify(outEnd(id, number, 'answered'))
    expect(await callOf(id)).toMatchObject({
      call_status: 'answered',
      duration_seconds: 42,
      attempt: { outcome: 'registered', number: 1, status: 'green' },
    })
    expect(Object.keys(await attemptsOf(opportunityId))).toEqual(['1'])
  })

  it('that comes again changes nothing', async () => {
    const number = newNumber()
    const { opportunityId } = await lead(number)
    const id = outId()
    await notify(outEnd(id, number, 'busy'))
    const before = [await callOf(id), await attemptsOf(opportunityId)]
    await notify(outEnd(id, number, 'busy'))
    await Promise.all(Array.from({ length: 5 }, () => notify(outEnd(id, number, 'busy'))))
    await notify(outStart(id, number))
    expect([await callOf(id), await attemptsOf(opportunityId)]).toEqual(before)
  })

  it('is in the inbox, byte for byte, with what became of it', async () => {
    const number = newNumber()
    const id = outId()
    const fields = outEnd(id, number, 'no answer', { unheard_of: 'ñ & ü = 100 %' })
    await notify(fields)
    const call = await callOf(id)
    const [message] = await listMessages(service.database, { callId: call.id }, 10)
    expect(message?.body.toString()).toBe(signedNotification(fields, '').body)
    expect(message).toMatchObject({ event: 'NOTIFY_OUT_END', result: 'call', dueAt: null, tries: 0 })
  })

  it('of an unknown event is kept, and changes no call', async () => {
    const answer = await notify({ event: 'NUMBER_LOOKUP', result: `{"number":"${newNumber()}"}` })
    expect([answer.statusCode, answer.body]).toEqual([200, ''])
    const [message] = await listMessages(service.database, { event: 'NUMBER_LOOKUP' }, 1)
    expect(message).toMatchObject({ result: 'kept', reason: 'unknown_event', callId: null })
  })

  it('handled again from the inbox changes nothing that is already true', async () => {
    const number = newNumber()
    const { opportunityId } = await lead(number)
    const id = outId()
    await notify(outEnd(id, number, 'busy', { is_recorded: '1', call_id_with_rec: '1772442900.1230' }))
    const before = [await callOf(id), await attemptsOf(opportunityId)]
    for (const { id: messageId } of await listMessages(service.database, { callId: before[0].id }, 10)) {
      const message = await findMessage(service.database, messageId)
      if (message !== null) await handleMessage(message, service.inbox)
    }
    expect([await callOf(id), await attemptsOf(opportunityId)]).toEqual(before)
    expect(before[0].recordings).toMatchObject([{ status: 'expected', url: null }])
  })

  it('that could not be handled at once waits in the inbox, and is handled from there', async () => {
    const number = newNumber()
    const id = outId()
    const stalled = await createTestService({
      ...database,
      wrapRun: () => () => new Promise(() => undefined),
      atOnceMs: 100,
    })
    expect((await notify(outEnd(id, number, 'busy'), stalled)).statusCode).toBe(200)
    expect(await callOf(id)).toBeNull()
    expect(await listMessages(service.database, { isUnhandled: true }, 10)).toHaveLength(1)
    expect(await sweepInbox(service.inbox)).toBe(1)
    expect(await callOf(id)).toMatchObject({ call_status: 'busy' })
    expect(await listMessages(service.database, { isUnhandled: true }, 10)).toHaveLength(0)
    await stalled.app.close()
    await stalled.database.close()
  })
})

describe('the contact of a call', () => {
  it('is found when it comes after the call, and the call registers (B16)', async () => {
    const number = newNumber()
    const id = outId()
    await notify(outEnd(id, number, 'busy'))
    expect(await callOf(id)).toMatchObject({ entity_id: null, link: null, attempt: { outcome: 'not_a_contact' } })
    const contactId = randomUUID()
    await service.request('POST', '/api/crm/opportunities', { contact_id: contactId })
    await service.request('POST', '/api/crm/contacts', { id: contactId, name: 'Late', phones: [number] })
    expect(await callOf(id)).toMatchObject({
      entity_id: contactId,
      link: { how: 'number' },
      attempt: { outcome: 'registered', number: 1 },
    })
  })

  it('is found when a contact gets the number', async () => {
    const number = newNumber()
    const id = outId()
    await notify(outEnd(id, number, 'busy'))
    const { contactId } = await lead(newNumber())
    await service.request('PATCH', `/api/crm/contacts/${contactId}`, { phones: [number] })
    expect(await callOf(id)).toMatchObject({ entity_id: contactId, attempt: { outcome: 'registered' } })
  })

  it('is found by the sweep where the two have just missed each other', async () => {
    const number = newNumber()
    const id = outId()
    await notify(outEnd(id, number, 'busy'))
    const contactId = randomUUID()
    await service.sql(
      `insert into contacts (id, name, phones, search_text) values ($1, 'Missed', array[$2], ' missed')`,
      [contactId, number],
    )
    expect(await sweepWaiting(service.relink)).toBe(1)
    expect(await callOf(id)).toMatchObject({ entity_id: contactId, attempt: { outcome: 'no_open_opportunity' } })
    expect(await sweepWaiting(service.relink)).toBe(0)
  })

  it('is not looked for where the call took place longer ago than asked for, whenever it was reported', async () => {
    const number = newNumber()
    const [recent, old] = [outId(), outId()]
    const daysAgo = (days: number) => ({ call_start: localTime(Date.now() - days * 86_400_000, 'Europe/Madrid') })
    await notify(outEnd(recent, number, 'busy', daysAgo(29)))
    await notify(outEnd(old, number, 'busy', daysAgo(31)))
    const contactId = randomUUID()
    await service.sql(`insert into contacts (id, name, phones, search_text) values ($1, 'Late', array[$2], ' late')`, [
      contactId,
      number,
    ])
    const options = { ...service.relink, days: 30 }
    await waitingLinker(options)([number], SOMEBODY)
    expect(await sweepWaiting(options)).toBe(0)
    expect(await callOf(recent)).toMatchObject({ entity_id: contactId })
    expect(await callOf(old)).toMatchObject({ entity_id: null })
  })

  it('of several is the one with an open opportunity, and of several of those the one whose is the newest', async () => {
    const number = newNumber()
    const first = await lead(number, 'First')
    const second = await lead(number, 'Second')
    await service.request('POST', '/api/crm/contacts', { name: 'Without', phones: [number] })
    const [a, b] = [outId(), outId()]
    await notify(outEnd(a, number, 'busy'))
    expect(await callOf(a)).toMatchObject({ entity_id: second.contactId, link: { how: 'newest_open_opportunity' } })
    await service.request('PATCH', `/api/crm/opportunities/${second.opportunityId}`, { status: 'lost' })
    await notify(outEnd(b, number, 'busy', { call_start: '2026-03-02 11:00:00' }))
    expect(await callOf(b)).toMatchObject({ entity_id: first.contactId, link: { how: 'open_opportunity' } })
  })

  it('of several without an open opportunity is the one made last, for a person to look at', async () => {
    const number = newNumber()
    const made: string[] = []
    for (const name of ['One', 'Two']) {
      made.push((await service.request('POST', '/api/crm/contacts', { name, phones: [number] })).body.id)
    }
    const id = outId()
    await notify(outEnd(id, number, 'busy'))
    const call = await callOf(id)
    expect(call).toMatchObject({ entity_id: made[1], link: { how: 'newest_contact' } })
    expect(call.link.candidates.toSorted()).toEqual(made.toSorted())
    expect(await doubtsOf(call.id)).toMatchObject([{ kind: 'doubtful_link' }])
  })

  it('that a person set or cleared stays as the person said', async () => {
    const number = newNumber()
    const id = outId()
    await notify(outStart(id, number))
    const call = await callOf(id)
    await service.request('PATCH', `/api/crm/calls/${call.id}`, { entity_id: null })
    await lead(number)
    await notify(outEnd(id, number, 'busy'))
    await sweepWaiting(service.relink)
    expect(await callOf(id)).toMatchObject({ entity_id: null, link: null, call_status: 'busy' })
  })
})

const doubtsOf = (callId: string) =>
  service.sql('select kind, reason, candidates from review_items where call_id = $1', [callId])

describe('a notification that contradicts another one (S3)', () => {
  it('leaves the first word, makes no further attempt, and is told to a person', async () => {
    const number = newNumber()
    const { opportunityId } = await lead(number)
    const id = outId()
    await notify(outEnd(id, number, 'busy'))
    await notify(outEnd(id, number, 'answered', { duration: '600' }))
    const call = await callOf(id)
    expect(call).toMatchObject({ call_status: 'busy', duration_seconds: 42 })
    expect(Object.keys(await attemptsOf(opportunityId))).toEqual(['1'])
    const doubts = await doubtsOf(call.id)
    expect(doubts.map(({ reason }) => reason).join()).toMatch(/call_status.*busy.*answered/)
    expect(doubts).toHaveLength(2)
  })

  it('is told to a person too where the call is saved before it can be registered', async () => {
    const number = newNumber()
    const { opportunityId } = await lead(number)
    const [first, second] = [outId(), outId()]
    const recorded = { is_recorded: '1', call_id_with_rec: `1772442900.${number.slice(-7)}` }
    await notify(outEnd(first, number, 'busy', recorded))
    const blocked = await createTestService({
      ...database,
      wrapRun:
        (run) =>
        async (name, ...rest) => {
          if (name === 'read_all_by_number') throw Object.assign(new Error('locked'), { code: '55P03' })
          return run(name, ...rest)
        },
    })
    await notify(outEnd(second, number, 'busy', { ...recorded, internal: '102' }), blocked)
    const call = await callOf(second)
    expect(call).toMatchObject({ call_status: 'busy', recordings: [], attempt: { outcome: 'not_a_contact' } })
    expect((await doubtsOf(call.id)).map(({ kind }) => kind).sort()).toEqual(['contradiction', 'same_call'])
    expect(Object.keys(await attemptsOf(opportunityId))).toEqual(['1'])
    await blocked.close()
  })

  it('by another id at the same moment is saved, and is told to a person', async () => {
    const number = newNumber()
    await lead(number)
    const [a, b] = [outId(), outId()]
    await notify(outEnd(a, number, 'busy'))
    await notify(outEnd(b, number, 'busy'))
    const [first, second] = [await callOf(a), await callOf(b)]
    expect(second).toMatchObject({ call_status: 'busy' })
    expect(await doubtsOf(second.id)).toMatchObject([
      { kind: 'same_call', candidates: [{ call_id: second.id }, { call_id: first.id }] },
    ])
  })

  it('by many ids at one moment makes one more item each time', async () => {
    const number = newNumber()
    for (let forgery = 0; forgery < 5; forgery++) await notify(outEnd(outId(), number, 'busy'))
    const items = await service.sql(
      `select from review_items where kind = 'same_call' and call_id in (select id from calls where phone_number = $1)`,
      [number],
    )
    expect(items).toHaveLength(4)
  })
})

describe('a deleted call (B5)', () => {
  it('stays deleted whatever is told of it or of its recordings', async () => {
    const number = newNumber()
    const id = outId()
    await notify(outEnd(id, number, 'busy', { is_recorded: '1', call_id_with_rec: '1772442900.555' }))
    const call = await callOf(id)
    await service.request('DELETE', `/api/crm/calls/${call.id}`)
    expect((await notify(outEnd(id, number, 'answered'))).statusCode).toBe(200)
    const other = outId()
    await notify({ event: 'NOTIFY_RECORD', pbx_call_id: other, call_id_with_rec: '1772442900.555' })
    expect((await service.request('GET', `/api/crm/calls/${call.id}`)).status).toBe(404)
    expect(await callOf(other)).toBeNull()
    const [message] = await listMessages(service.database, { event: 'NOTIFY_RECORD' }, 1)
    expect(message).toMatchObject({ result: 'kept', reason: 'deleted' })
  })
})

describe('the address of notifications', () => {
  it('answers the question of Zadarma with its own word', async () => {
    for (const method of ['GET', 'POST'] as const) {
      const answer = await service.app.inject({ method, url: '/api/zadarma/webhook?zd_echo=abc123' })
      expect([answer.statusCode, answer.body, answer.headers['content-type']]).toEqual([200, 'abc123', 'text/plain'])
    }
  })

  it('takes a notification for one although the address asks for an echo', async () => {
    const id = outId()
    const answer = await notify(outStart(id, newNumber()), service, '/api/zadarma/webhook?zd_echo=abc')
    expect([answer.statusCode, answer.body]).toEqual([200, ''])
    expect(await callOf(id)).not.toBeNull()
  })

  it('refuses what is not signed, and stores nothing', async () => {
    const id = outId()
    const fields = outStart(id, newNumber())
    const before = await service.sql('select count(*) from inbox')
    for (const signature of ['', 'nonsense', signedNotification(fields, 'another secret').headers.signature ?? '']) {
      const answer = await notify(fields, service, '/api/zadarma/webhook', { signature })
      expect(answer.statusCode).toBe(401)
    }
    const twice = `${signedNotification(fields, 'test-secret').body}&destination=1`
    const headers = signedNotification(fields, 'test-secret').headers
    const answer = await service.app.inject({ method: 'POST', url: '/api/zadarma/webhook', payload: twice, headers })
    expect(answer.statusCode).toBe(401)
    expect(await service.sql('select count(*) from inbox')).toEqual(before)
    expect(await callOf(id)).toBeNull()
  })

  it('takes a form of several parts', async () => {
    const form = new FormData()
    const fields = { event: 'SMS', result: '{"text":"Hola, ñ"}' }
    for (const [name, value] of Object.entries(fields)) form.append(name, value)
    const request = new Request('http://x', { method: 'POST', body: form })
    const answer = await service.app.inject({
      method: 'POST',
      url: '/api/zadarma/webhook',
      payload: Buffer.from(await request.arrayBuffer()),
      headers: {
        'content-type': request.headers.get('content-type') ?? '',
        signature: signedNotification(fields, 'test-secret').headers.signature ?? '',
      },
    })
    expect(answer.statusCode).toBe(200)
  })

  it('has a last part of its own where one is set, and no other', async () => {
    const secret = 'a-secret-part-of-the-path'
    const hidden = await createTestService({ ...database, zadarma: { webhookPathSecret: secret } })
    const fields = outStart(outId(), newNumber())
    expect((await notify(fields, hidden)).statusCode).toBe(404)
    expect((await notify(fields, hidden, '/api/zadarma/webhook/another-part-of-the-path')).statusCode).toBe(404)
    expect((await notify(fields, hidden, `/api/zadarma/webhook/${secret}`)).statusCode).toBe(200)
    // The path vouches for events of which nobody knows what they sign, and only for those.
    const unsigned = { signature: '' }
    const at = `/api/zadarma/webhook/${secret}`
    expect((await notify({ event: 'DOCUMENT', id: '1' }, hidden, at, unsigned)).statusCode).toBe(200)
    expect((await notify(fields, hidden, at, unsigned)).statusCode).toBe(401)
    await hidden.close()
  })

  it('takes notifications only from networks that are listed, where some are', async () => {
    const fenced = await createTestService({ ...database, zadarma: { allowedIps: ['185.45.152.40/30', '::1'] } })
    const { body, headers } = signedNotification(outStart(outId(), newNumber()), 'test-secret')
    const from = async (remoteAddress: string) =>
      (await fenced.app.inject({ method: 'POST', url: '/api/zadarma/webhook', payload: body, headers, remoteAddress }))
        .statusCode
    expect(await Promise.all(['127.0.0.1', '185.45.152.44', '185.45.152.39'].map(from))).toEqual([401, 401, 401])
    expect(await Promise.all(['185.45.152.40', '185.45.152.43', '::ffff:185.45.152.42', '::1'].map(from))).toEqual([
      200, 200, 200, 200,
    ])
    await fenced.close()
  })

  it('accepts nothing where no secret is known', async () => {
    const closed = await createTestService({ ...database, zadarma: { secret: null } })
    const fields = outStart(outId(), newNumber())
    const { body, headers } = signedNotification(fields, '')
    const answer = await closed.app.inject({ method: 'POST', url: '/api/zadarma/webhook', payload: body, headers })
    expect(answer.statusCode).toBe(401)
    await closed.close()
  })
})

describe("the user's seven cases", () => {
  it('hold at this door', async () => {
    const number = newNumber()
    const { opportunityId } = await lead(number)
    const at = (minute: number): string => `2026-03-02 12:${String(minute).padStart(2, '0')}:00`
    const ids = Array.from({ length: 6 }, outId)
    // 1, 7: new calls are numbered in order; 4: a sixth registers nothing.
    for (const [place, id] of ids.entries()) {
      await notify(outEnd(id, number, 'no answer', { call_start: at(place) }))
    }
    const placed = await Promise.all(ids.map(callOf))
    expect(placed.map(({ attempt }) => attempt.number)).toEqual([1, 2, 3, 4, 5, null])
    expect(placed[5]).toMatchObject({ attempt: { outcome: 'limit_reached' } })

    const other = newNumber()
    const second = await lead(other)
    const [started, late, incoming] = [outId(), outId(), `in_${outId().slice(4)}`]
    // 2, 6: what is told later changes the attempt; green completes.
    await notify(outStart(started, other, { call_start: at(1) }))
    await notify(outEnd(started, other, 'answered', { call_start: at(1) }))
    // 3: an incoming call registers nothing.
    await notify({
      event: 'NOTIFY_END',
      call_start: at(2),
      pbx_call_id: incoming,
      caller_id: other,
      called_did: '34911111111',
      duration: '5',
      disposition: 'answered',
    })
    expect(await callOf(incoming)).toMatchObject({ direction: 'inbound', attempt: { outcome: 'not_outbound' } })
    // 5: a completed opportunity takes no more.
    await notify(outEnd(late, other, 'busy', { call_start: at(9) }))
    expect(await callOf(late)).toMatchObject({ attempt: { outcome: 'first_call_completed' } })
    const opportunity = (await service.request('GET', `/api/crm/opportunities/${second.opportunityId}`)).body
    expect(opportunity).toMatchObject({ first_call_completed: true, first_call_successful_attempt: 1 })
    expect(Object.keys(await attemptsOf(opportunityId))).toHaveLength(5)
  })
})
