import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { tidy } from '../src/attempts/sweep.ts'
import { sweepWaiting } from '../src/contacts/relink.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'
import { localTime } from './zadarma/local-time.ts'
import { outId } from './zadarma-door.ts'
import { signedNotification, startZadarmaServer, type ZadarmaServer } from './zadarma-server.ts'

/* Click to call: the agent is put through to a contact, and the call becomes that contact's. */

let database: TestDatabase
let service: TestService
let zadarma: ZadarmaServer
let numbers = 0

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

beforeEach(async () => {
  zadarma = await startZadarmaServer({ key: 'test-key', secret: 'test-secret', zone: 'Europe/Madrid' })
  service = await createTestService({ ...database, zadarma: { apiUrl: zadarma.url, ownNumbers: ['34911111111'] } })
})
afterEach(async () => {
  await service.close()
  await zadarma.close()
})

const newNumber = (): string => `+3460${String(2_000_000 + ++numbers)}`

async function lead(phones: string[]): Promise<string> {
  const contact = await service.request('POST', '/api/crm/contacts', { name: 'Ana García', phones })
  await service.request('POST', '/api/crm/opportunities', { contact_id: contact.body.id })
  return contact.body.id
}

const dial = (body: object, headers: Record<string, string> = {}, by = service) =>
  by.request('POST', '/api/crm/calls/dial', body, headers)

const requestsOf = (contactId: string) =>
  service.sql('select id, extension, phone_number, call_id from dial_requests where contact_id = $1', [contactId])

async function notify(fields: Record<string, string>, by = service): Promise<void> {
  const { body, headers } = signedNotification(
    { event: 'NOTIFY_OUT_START', call_start: localTime(Date.now(), 'Europe/Madrid'), caller_id: '0', ...fields },
    'test-secret',
  )
  const answer = await by.app.inject({ method: 'POST', url: '/api/zadarma/webhook', payload: body, headers })
  expect(answer.statusCode).toBe(200)
  await by.register.drained()
}

async function callOf(pbxCallId: string) {
  const [row] = await service.sql<{ id: string }>('select id from calls where provider_call_id = $1', [pbxCallId])
  return row === undefined ? null : (await service.request('GET', `/api/crm/calls/${row.id}`)).body
}

describe('POST /api/crm/calls/dial', () => {
  it('lets Zadarma call the extension and then the first number of the contact, and stores no call', async () => {
    const number = newNumber()
    const contactId = await lead([number, newNumber()])
    const answer = await dial({ contact_id: contactId, extension: '101' })
    const [request] = await requestsOf(contactId)
    expect(answer).toMatchObject({ status: 202, body: { request_id: request?.id } })
    expect(request).toMatchObject({ extension: '101', phone_number: number, call_id: null })
    expect(zadarma.account.callbacks).toEqual([{ from: '101', to: number.slice(1), sip: '101' }])
    expect(await service.sql('select id from calls where phone_number = $1', [number])).toEqual([])
  })

  it('calls that of several numbers which is named, and none that is not the contact’s', async () => {
    const [first, second] = [newNumber(), newNumber()]
    const contactId = await lead([first, second])
    const wanted = { contact_id: contactId, extension: '101', phone_number: second }
    expect((await dial(wanted)).status).toBe(202)
    expect(await requestsOf(contactId)).toMatchObject([{ phone_number: second }])
    expect(zadarma.account.callbacks).toEqual([{ from: '101', to: second.slice(1), sip: '101' }])
    expect(await dial({ ...wanted, phone_number: newNumber() })).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'phone_number' }] },
    })
    expect(zadarma.account.callbacks).toHaveLength(1)
  })

  it.each([
    [{ extension: '101' }, 'contact_id'],
    [{ contact_id: randomUUID() }, 'extension'],
    [{ contact_id: randomUUID(), extension: 'ana' }, 'extension'],
    [{ contact_id: randomUUID(), extension: '0' }, 'extension'],
    [{ contact_id: randomUUID(), extension: '101', phone: '+34600000000' }, 'phone'],
  ])('refuses %j, of which %s is at fault', async (body, path) => {
    expect(await dial(body)).toMatchObject({ status: 422, body: { errors: [{ path }] } })
    expect(zadarma.requests).toEqual([])
  })

  it('knows no contact that is not there, and none without a number', async () => {
    expect(await dial({ contact_id: randomUUID(), extension: '101' })).toMatchObject({ status: 404 })
    const contactId = await lead([])
    expect(await dial({ contact_id: contactId, extension: '101' })).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'contact_id' }] },
    })
    expect(zadarma.requests).toEqual([])
    expect(await requestsOf(contactId)).toEqual([])
  })

  it('says what to set where the account is not known', async () => {
    const without = await createTestService({ ...database, zadarma: { key: null } })
    const answer = await dial({ contact_id: await lead([newNumber()]), extension: '101' }, {}, without)
    expect(answer).toMatchObject({
      status: 503,
      body: { detail: expect.stringMatching(/ZADARMA_KEY.*ZADARMA_SECRET/) },
    })
    await without.close()
  })

  it('says why Zadarma refuses, and forgets the request', async () => {
    const contactId = await lead([newNumber()])
    const key = { 'idempotency-key': randomUUID() }
    const stranger = await createTestService({ ...database, zadarma: { secret: 'wrong', apiUrl: zadarma.url } })
    const refused = await dial({ contact_id: contactId, extension: '101' }, key, stranger)
    await stranger.close()
    expect(refused).toMatchObject({ status: 502, body: { title: 'Bad Gateway', may_ring: false } })
    expect(refused.body.detail).toMatch(/^Nobody was called\./)
    expect(await requestsOf(contactId)).toEqual([])
    // The key has not done anything yet.
    expect((await dial({ contact_id: contactId, extension: '101' }, key)).status).toBe(202)
    expect(zadarma.account.callbacks).toHaveLength(1)
  })

  it.each(['reset', 'redirect', 'not-json'] as const)(
    'does not ask again where Zadarma may have called (%s), with the same key either',
    async (fault) => {
      const contactId = await lead([newNumber()])
      zadarma.inject(fault)
      const key = { 'idempotency-key': randomUUID() }
      const unknown = await dial({ contact_id: contactId, extension: '101' }, key)
      expect(unknown).toMatchObject({
        status: 502,
        body: { detail: expect.stringContaining('not known'), may_ring: true },
      })
      expect(await requestsOf(contactId)).toHaveLength(1)
      expect((await dial({ contact_id: contactId, extension: '101' }, key)).body).toEqual(unknown.body)
      expect(zadarma.requests).toHaveLength(1)
    },
  )

  it('rings once for one Idempotency-Key, however often it comes', async () => {
    const contactId = await lead([newNumber()])
    const body = { contact_id: contactId, extension: '101' }
    const key = { 'idempotency-key': randomUUID() }
    const answers = await Promise.all(Array.from({ length: 5 }, () => dial(body, key)))
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.request_id}`)).size).toBe(1)
    expect(zadarma.account.callbacks).toHaveLength(1)
    expect((await dial({ ...body, extension: '102' }, key)).status).toBe(409)
    expect(await requestsOf(contactId)).toHaveLength(1)
  })
})

it('who was asked to be called is forgotten after two days', async () => {
  const [old, recent] = [await lead([newNumber()]), await lead([newNumber()])]
  for (const contact_id of [old, recent]) await dial({ contact_id, extension: '101' })
  await service.sql(`update dial_requests set created_at = now() - interval '49 hours' where contact_id = $1`, [old])
  await tidy(service.database, new AbortController().signal)
  expect([await requestsOf(old), await requestsOf(recent)]).toMatchObject([[], [{ call_id: null }]])
})

describe('the call that was asked for', () => {
  /** Two contacts share a number: the one that is dialled, and one whose open opportunity is the newer. */
  async function sharedNumber() {
    const number = newNumber()
    const dialled = await lead([number])
    const other = await lead([number])
    return { number, dialled, other, destination: number.slice(1) }
  }

  it('is the contact’s that was dialled, although another one with the number has the newer opportunity', async () => {
    const { number, dialled, other, destination } = await sharedNumber()
    const { request_id } = (await dial({ contact_id: dialled, extension: '101' })).body
    const [first, second] = [outId(), outId()]
    await notify({ pbx_call_id: first, destination, internal: '101' })
    const call = await callOf(first)
    expect(call).toMatchObject({
      entity_id: dialled,
      phone_number: number,
      link: { how: 'dial', candidates: [dialled] },
      attempt: { outcome: 'registered', number: 1 },
    })
    expect(await requestsOf(dialled)).toMatchObject([{ id: request_id, call_id: call.id }])
    // A request is answered once.
    await notify({ pbx_call_id: second, destination, internal: '101' })
    expect(await callOf(second)).toMatchObject({ entity_id: other, link: { how: 'newest_open_opportunity' } })
  })

  it('moves to that contact where the extension is only told at the end', async () => {
    const { dialled, other, destination } = await sharedNumber()
    await dial({ contact_id: dialled, extension: '101' })
    const id = outId()
    await notify({ pbx_call_id: id, destination })
    expect(await callOf(id)).toMatchObject({ entity_id: other })
    const end = { event: 'NOTIFY_OUT_END', duration: '0', disposition: 'busy', caller_id: '34911111111' }
    await notify({ ...end, pbx_call_id: id, destination, internal: '101' })
    expect(await callOf(id)).toMatchObject({
      entity_id: dialled,
      link: { how: 'dial' },
      attempt: { outcome: 'registered', number: 1 },
    })
    const attempts = async (contactId: string) =>
      (await service.request('GET', `/api/crm/opportunities?contact_id=${contactId}`)).body.data.map(
        (opportunity: { first_call_attempts: object }) => Object.keys(opportunity.first_call_attempts).length,
      )
    expect([await attempts(dialled), await attempts(other)]).toEqual([[1], [0]])
  })

  it('is not a call that comes in from that number meanwhile', async () => {
    const { dialled, destination } = await sharedNumber()
    await dial({ contact_id: dialled, extension: '101' })
    const [incoming, outgoing] = [outId().replace('out_', 'in_'), outId()]
    await notify({
      event: 'NOTIFY_ANSWER',
      pbx_call_id: incoming,
      caller_id: destination,
      destination: '101',
      internal: '101',
    })
    expect(await callOf(incoming)).toMatchObject({ direction: 'inbound', extension: '101' })
    await notify({ pbx_call_id: outgoing, destination, internal: '101' })
    expect(await callOf(outgoing)).toMatchObject({ entity_id: dialled, link: { how: 'dial' } })
  })

  it('is one, where two begin on two servers at the same moment', async () => {
    const other = await createTestService({ ...database, zadarma: { apiUrl: zadarma.url } })
    for (let round = 0; round < 15; round++) {
      const number = newNumber()
      // Without an opportunity, of which only one of them could have taken the next number.
      const contact = await service.request('POST', '/api/crm/contacts', { name: 'Ana García', phones: [number] })
      const contactId: string = contact.body.id
      await dial({ contact_id: contactId, extension: '101' })
      const fields = { destination: number.slice(1), internal: '101' }
      const ids = [outId(), outId()]
      await Promise.all(
        ids.map((pbx_call_id, place) => notify({ ...fields, pbx_call_id }, place === 0 ? service : other)),
      )
      // One that could not wait for the other is saved at first without its contact.
      await sweepWaiting(service.relink)
      const calls = await Promise.all(ids.map(callOf))
      expect(calls.map((call) => call.link.how).sort()).toEqual(['dial', 'number'])
      const [request] = await requestsOf(contactId)
      expect(request?.call_id).toBe(calls.find((call) => call.link.how === 'dial')?.id)
    }
    await other.close()
  })

  it('is not one from another extension, nor one that begins too late', async () => {
    const { dialled, other, destination } = await sharedNumber()
    await dial({ contact_id: dialled, extension: '101' })
    const [elsewhere, late] = [outId(), outId()]
    await notify({ pbx_call_id: elsewhere, destination, internal: '102' })
    const call_start = localTime(Date.now() + 400_000, 'Europe/Madrid')
    await notify({ pbx_call_id: late, destination, internal: '101', call_start })
    for (const id of [elsewhere, late]) expect(await callOf(id)).toMatchObject({ entity_id: other })
    expect(await requestsOf(dialled)).toMatchObject([{ call_id: null }])
  })

  it.each(['101', '12345-101', '34911111111'])('is not the leg to %s, which is no client’s', async (destination) => {
    const { dialled, destination: client } = await sharedNumber()
    await dial({ contact_id: dialled, extension: '101' })
    const [agent, id] = [outId(), outId()]
    await notify({ pbx_call_id: agent, destination, internal: '101' })
    expect(await callOf(agent)).toMatchObject({ phone_number: null, entity_id: null, link: null })
    await notify({ pbx_call_id: id, destination: client, internal: '101' })
    expect(await callOf(id)).toMatchObject({ entity_id: dialled, link: { how: 'dial' } })
  })
})
