import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Role } from '../src/auth/caller.ts'
import { type CallReport, createOrUpdateCall } from '../src/calls/report.ts'
import { sweepWaiting } from '../src/contacts/relink.ts'
import { erasureChore, erasureWatch } from '../src/erasure/chore.ts'
import { everyMessage, messagesOf, replay } from '../src/inbox/replay.ts'
import { keepMessage, newMessage } from '../src/inbox/store.ts'
import { receiveMail } from '../src/mailbox/receive.ts'
import { commandLineOn } from './command-line.ts'
import { makeKey, type TestKey } from './keys.ts'
import { buildMail } from './mail-builder.ts'
import { all, countsOf, filesIn, knownEverywhere, type Person, tracesOf } from './person.ts'
import { createTestDatabase, createTestService, SOMEBODY, type TestDatabase, type TestService } from './service.ts'
import { callOf, lead, newNumber, notify, outEnd, outId, outStart, untilHandled } from './zadarma-door.ts'

/* S11: whoever is erased leaves no trace, and what counts stays. */

const NEVER = new AbortController().signal

let database: TestDatabase
let service: TestService
let folder: string
let keys: Record<Role | 'another', TestKey>

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-erase-'))
  database = await createTestDatabase()
  service = await createTestService({
    ...database,
    recordingsDir: path.join(folder, 'recordings'),
    mailsDir: path.join(folder, 'mails'),
  })
  const key = (role: Role) => makeKey(service, { role, user_id: randomUUID() })
  const [admin, manager, agent, another, viewer] = await Promise.all(
    (['admin', 'manager', 'agent', 'agent', 'viewer'] as const).map(key),
  )
  keys = { admin, manager, agent, another, viewer } as typeof keys
})

afterAll(async () => {
  await service.close()
  await database.drop()
  await rm(folder, { recursive: true })
})

const erase = (id: string, headers: Record<string, string> = {}) =>
  service.request('DELETE', `/api/crm/contacts/${id}?erase=true`, undefined, headers)
const get = (what: string) => service.request('GET', `/api/crm/${what}`)

const chore = () => erasureChore({ database: { query: service.database.chores }, mails: service.mails })
/** As if the wait were over. */
async function goOn(): Promise<void> {
  await service.sql(`update erasures set due_at = now() - interval '1 second' where due_at is not null`)
  while (await chore().work(NEVER));
}

/** Where a person is found whom {@link knownEverywhere} has made. */
const PLACES = [
  ...['audit_values.after', 'audit_values.before', 'calls.call_result', 'calls.phone_number', 'calls.resumen_llamada'],
  ...['contacts.email', 'contacts.name', 'contacts.phones', 'contacts.search_text', 'dial_requests.phone_number'],
  ...['idempotency_keys.answer', 'inbox.body', 'inbox.event', 'inbox.headers'],
  ...['lead_opportunities.contact_search_text', 'lead_opportunities.first_call_attempts', 'lead_opportunities.title'],
  ...['lead_opportunities.title_search_text', 'listed_opportunities.search_text', 'mails', 'review_items.candidates'],
  ...['review_items.decision', 'review_items.mail', 'review_items.reason'],
]

describe('a person who is known by every door', () => {
  let person: Person
  let other: Person
  let before: { counts: unknown; traces: string[]; ofOther: string[]; recordings: string[] }

  beforeAll(async () => {
    person = await knownEverywhere(service, database, folder)
    other = await knownEverywhere(service, database, folder)
    before = {
      counts: await countsOf(service),
      traces: await tracesOf(person, service, folder),
      ofOther: await tracesOf(other, service, folder),
      recordings: await filesIn(folder, 'recordings'),
    }
  })

  it('(control) is found in every place before, by whatever tells of them', () => {
    expect([...new Set(before.traces.map((trace) => trace.split(': ')[0]))]).toEqual(PLACES)
    const told = new Set(before.traces.map((trace) => trace.split(': ')[1]))
    expect([...told].sort()).toEqual(Object.keys(person.needles).sort())
  })

  it('is found nowhere once erased, and somebody else wherever they were', async () => {
    expect(await erase(person.contactId)).toMatchObject({ status: 204, body: null })
    expect(await tracesOf(person, service, folder)).toEqual([])
    expect(await tracesOf(other, service, folder)).toEqual(before.ofOther)
    expect(await filesIn(folder, 'recordings')).toHaveLength(before.recordings.length / 2)
    expect(await filesIn(folder, 'mails')).toHaveLength(1)
  })

  it('whatever counts is as before: calls, attempts, numbers, colours, outcomes, coverage', async () => {
    expect(await countsOf(service)).toEqual(before.counts)
  })

  it('calls and opportunity are there, without what told of them', async () => {
    const { body: call } = await get(`calls/${person.calls.pbx}`)
    expect(call).toMatchObject({
      entity_id: person.contactId,
      phone_number: null,
      call_result: null,
      link: null,
      call_status: 'busy',
      attempt: { outcome: 'registered', number: 3, status: 'orange' },
      recordings: [{ status: 'missing', content_type: null, size_bytes: null, url: null }],
    })
    const { body: opportunity } = await get(`opportunities/${person.opportunityId}`)
    expect(opportunity).toMatchObject({ contact_id: person.contactId, title: null, source: 'web', status: 'contacted' })
    const attempts = Object.values(opportunity.first_call_attempts as Record<string, { notes: string }>)
    expect(attempts.map(({ notes }) => notes)).toEqual(['', '', '', ''])
    const { body: review } = await get('review?limit=200')
    expect(JSON.stringify(review)).not.toContain(person.calls.pbx)
  })

  it('that they were erased, and when nothing was left, are rows of the audit, and of the rest it says which fields there were', async () => {
    const { body } = await service.request('GET', `/api/admin/audit?entity_id=${person.contactId}`)
    expect(body.data.map((entry: { action: string }) => entry.action)).toEqual([
      'contact.erasure_done',
      'contact.erased',
      'contact.changed',
      'contact.created',
    ])
    expect(body.data[0]).toMatchObject({ who: 'bootstrap', before: null, after: {}, withheld: [] })
    expect(body.data[1]).toMatchObject({ who: 'bootstrap', before: {}, after: null, withheld: [] })
    expect(body.data[2]).toMatchObject({ before: {}, after: {}, withheld: ['name', 'phones'] })
    const { body: history } = await get(`calls/${person.calls.rest}/history`)
    expect(history.data[0].withheld).toEqual(['call_result', 'resumen_llamada', 'phone_number'])
  })

  it('410: the contact is gone for good, and nothing that tells of a person is taken for it', async () => {
    const { contactId, opportunityId, calls } = person
    const asked = [
      get(`contacts/${contactId}`),
      service.request('PATCH', `/api/crm/contacts/${contactId}`, { name: 'Again' }),
      service.request('DELETE', `/api/crm/contacts/${contactId}`),
      service.request('POST', '/api/crm/calls/dial', { contact_id: contactId, extension: '101' }),
      service.request('PATCH', `/api/crm/opportunities/${opportunityId}`, { title: 'Again' }),
      service.request('PATCH', `/api/crm/calls/${calls.rest}`, { phone_number: '+34600000000' }),
      service.request('PUT', `/api/crm/calls/${calls.unlinked}`, { resumen_llamada: 'Again', call_status: 'busy' }),
    ]
    for (const { status, body } of await Promise.all(asked)) {
      expect(status).toBe(410)
      expect(body).toMatchObject({ title: 'Gone', detail: expect.stringMatching(/erased/) })
    }
    const made = await service.request('POST', '/api/crm/contacts', { id: contactId, name: 'Again' })
    expect(made).toMatchObject({ status: 409, body: { detail: expect.stringContaining('stays erased') } })
    // What does not tell of a person may be corrected, and clears what is empty.
    const corrected = await service.request('PATCH', `/api/crm/calls/${calls.rest}`, {
      call_status: 'no_answer',
      phone_number: null,
    })
    expect(corrected.status).toBe(200)
    // Asked again, for whoever has not heard the answer.
    expect((await erase(contactId)).status).toBe(204)
    expect(
      await service.sql('select from audit where action = $1 and entity_id = $2', ['contact.erased', contactId]),
    ).toHaveLength(1)
  })

  it('nothing brings them back: notifications, mails, statistics, files and requests that come again', async () => {
    for (const fields of person.notifications) expect((await notify(service, fields)).statusCode).toBe(200)
    for (const raw of person.mails) {
      expect((await receiveMail(Readable.from([raw]), 'push', service.mails)).result).toBe('duplicate')
    }
    for (const { url, body, key } of person.requests) {
      const answer = await service.request('POST', url, body, { 'idempotency-key': key })
      expect(answer, url).toMatchObject({ status: 410, body: { title: 'Gone' } })
    }
    const report: CallReport = {
      provider: 'zadarma',
      provider_call_id: person.pbxCallId,
      machine: 'statistics',
      fields: { direction: 'outbound', phone_number: person.number, call_status: 'answered' },
      recordingIds: [],
      isRecorded: true,
    }
    const told = await service.register.registerCallAttempt(createOrUpdateCall(report, SOMEBODY))
    expect(told).toMatchObject({ result: 'kept', reason: 'erased', news: 'unchanged' })
    const posted = {
      provider: 'zadarma',
      provider_call_id: person.pbxCallId,
      direction: 'outbound',
      phone_number: person.number,
    }
    expect((await service.request('POST', '/api/crm/calls', posted)).status).toBe(409)
    for await (const page of replay(everyMessage(service.database, {}), service.inbox)) {
      expect(page.filter(({ became }) => became === 'changed' || became === 'failed')).toEqual([])
    }
    await sweepWaiting(service.relink)
    const run = commandLineOn(database, path.join(folder, 'data'))
    const contacts = path.join(folder, 'contacts.jsonl')
    await writeFile(contacts, `${JSON.stringify({ id: person.contactId, name: 'Again', phones: [person.number] })}\n`)
    for (const args of [
      ['calls', `${folder}/${person.contactId}.jsonl`],
      ['contacts', contacts],
    ]) {
      expect((await run(['import', ...args])).stdout).toContain('0 created, 0 already there, 1 deleted here before')
    }
    expect(await tracesOf(person, service, folder)).toEqual([])
    const [call] = await service.sql('select phone_number, call_status, erased_at from calls where id = $1', [
      person.calls.pbx,
    ])
    expect(call).toMatchObject({ phone_number: null, call_status: 'busy', erased_at: expect.any(Number) })
    const [message] = await service.sql("select * from inbox where reason = 'erased' order by id desc limit 1")
    expect(message).toMatchObject({
      result: 'kept',
      headers: {},
      body: Buffer.alloc(0),
      emptied_at: expect.any(Number),
    })
    await expect(messagesOf(service.database, [message?.id as string])).rejects.toThrow('is gone')
  })

  it('(control) a call that does not know that it was erased would take its number again', async () => {
    await service.sql(`update calls set erased_at = null, sources = '{}' where provider_call_id = $1`, [
      person.pbxCallId,
    ])
    const [, end] = person.notifications
    if (end !== undefined) await notify(service, end)
    expect(await tracesOf(person, service, folder)).toContain('calls.phone_number: number')
    expect((await erase(person.contactId)).status).toBe(204)
    expect(await tracesOf(person, service, folder)).toEqual([])
  })

  it('their number is a new person’s when it calls again', async () => {
    const pbxCallId = outId()
    await notify(service, outEnd(pbxCallId, person.number, 'answered'))
    expect(await callOf(service, pbxCallId)).toMatchObject({ entity_id: null, phone_number: person.number })
    const { contactId } = await lead(service, person.number, 'Somebody new')
    const call = await callOf(service, pbxCallId)
    expect(call).toMatchObject({ entity_id: contactId, phone_number: person.number })
    await goOn()
    expect(await callOf(service, pbxCallId)).toEqual(call)
    expect((await get(`calls?entity_id=${person.contactId}`)).body.data).toHaveLength(3)
  })
})

describe('who may erase, and what', () => {
  it('403 for agents and viewers; a manager may', async () => {
    const { contactId } = await lead(service, newNumber())
    const as = async (role: Role) => (await erase(contactId, keys[role].headers)).status
    expect([await as('viewer'), await as('agent')]).toEqual([403, 403])
    expect((await get(`contacts/${contactId}`)).status).toBe(200)
    expect(await as('manager')).toBe(204)
  })

  it('404 for what nobody has named, 412 for another revision; `erase=false` deletes as ever', async () => {
    expect((await erase(randomUUID())).status).toBe(404)
    const { contactId } = await lead(service, newNumber())
    expect((await erase(contactId, { 'if-match': '"7"' })).status).toBe(412)
    expect((await service.request('DELETE', `/api/crm/contacts/${contactId}?erase=false`)).status).toBe(409)
    expect((await service.request('DELETE', `/api/crm/contacts/${contactId}?erase=yes`)).status).toBe(422)
    expect((await erase(contactId, { 'if-match': '"1"' })).status).toBe(204)
  })

  it('an agent finds the opportunity, without a title, and its contact gone', async () => {
    const { agent, another } = keys
    const { contactId, opportunityId } = await lead(service, newNumber())
    await service.request('PATCH', `/api/crm/opportunities/${opportunityId}`, {
      assigned_to: agent.body.user_id,
      title: 'Casa de Ana',
    })
    await erase(contactId)
    const ask = (what: string) => service.request('GET', `/api/crm/${what}`, undefined, agent.headers)
    const { body } = await ask(`opportunities?contact_id=${contactId}`)
    expect(body.data).toMatchObject([{ id: opportunityId, title: null, assigned_to: agent.body.user_id }])
    expect((await ask(`contacts/${contactId}`)).status).toBe(410)
    expect((await service.request('GET', `/api/crm/contacts/${contactId}`, undefined, another.headers)).status).toBe(
      404,
    )
  })

  it('B18: also one whom only opportunities and calls name; calls that come later are taken, and go when asked again', async () => {
    const contactId = randomUUID()
    await service.request('POST', '/api/crm/opportunities', { contact_id: contactId, title: 'Kept elsewhere' })
    const call = {
      direction: 'outbound',
      entity_type: 'contacts',
      entity_id: contactId,
      resumen_llamada: 'Said',
      phone_number: newNumber(),
    }
    const first = await service.request('POST', '/api/crm/calls', call)
    expect((await erase(contactId)).status).toBe(204)
    expect((await get(`calls/${first.body.id}`)).body).toMatchObject({ phone_number: null, resumen_llamada: null })

    const later = await service.request('POST', '/api/crm/calls', call)
    expect(later).toMatchObject({ status: 201, body: { attempt: { outcome: 'registered', number: 2 } } })
    await goOn()
    expect((await get(`calls/${later.body.id}`)).body).toMatchObject({ resumen_llamada: 'Said' })
    const notes = async () =>
      Object.values(
        (await get(`opportunities?contact_id=${contactId}`)).body.data[0].first_call_attempts as Record<
          string,
          { notes: string }
        >,
      ).map((attempt) => attempt.notes)
    expect(await notes()).toEqual(['', 'Said'])
    expect((await erase(contactId)).status).toBe(204)
    expect((await get(`calls/${later.body.id}`)).body).toMatchObject({ resumen_llamada: null, phone_number: null })
    expect(await notes()).toEqual(['', ''])
  })

  it('a number that another contact has is that contact’s; what is linked to the erased one goes', async () => {
    const number = newNumber()
    const [one, another] = [await lead(service, number, 'Ana Uno'), await lead(service, number, 'Ana Dos')]
    const mine = await service.request('POST', '/api/crm/calls', {
      ...{ direction: 'outbound', entity_type: 'contacts', entity_id: one.contactId, phone_number: number },
    })
    const theirs = outId()
    await notify(service, outEnd(theirs, number, 'busy'))
    const linked = await callOf(service, theirs)
    expect(linked?.entity_id).toBe(another.contactId)
    const nobodys = await service.request('POST', '/api/crm/calls', { direction: 'inbound', phone_number: number })
    await erase(one.contactId)
    expect((await get(`calls/${mine.body.id}`)).body.phone_number).toBeNull()
    expect(await callOf(service, theirs)).toEqual(linked)
    expect((await get(`calls/${nobodys.body.id}`)).body.phone_number).toBe(number)
    const messages = await service.sql('select from inbox where call_id = $1 and body <> $2', [linked?.id, ''])
    expect(messages).toHaveLength(1)
    expect((await get(`contacts/${another.contactId}`)).status).toBe(200)
  })
})

describe('what comes while somebody is erased', () => {
  it('a message that waits is handled first: its call counts, and then goes the same way', async () => {
    const number = newNumber()
    const { contactId } = await lead(service, number)
    const pbxCallId = outId()
    const waiting = newMessage({
      ...{ door: 'zadarma', headers: { 'content-type': 'application/x-www-form-urlencoded' }, event: 'NOTIFY_OUT_END' },
      body: Buffer.from(new URLSearchParams(outEnd(pbxCallId, number, 'busy')).toString()),
    })
    await keepMessage(service.database, waiting, null)
    const { status, headers, body } = await erase(contactId)
    expect({ status, retry: headers['retry-after'] }).toEqual({ status: 503, retry: '10' })
    expect(body.detail).toMatch(/goes on by itself/)
    const unfinished = async () => {
      await erasureWatch({ database: { query: service.database.chores } }, service.metrics).work(NEVER)
      return (await service.metrics.registry.metrics()).match(/^first_call_erasures_unfinished (\d+)$/m)?.[1]
    }
    expect(await unfinished()).toBe('1')
    expect((await get(`contacts/${contactId}`)).status).toBe(410)
    await untilHandled(service)
    await goOn()
    expect(await unfinished()).toBe('0')
    expect(await callOf(service, pbxCallId)).toMatchObject({ phone_number: null, call_status: 'busy' })
    const [row] = await service.sql('select body, emptied_at from inbox where id = $1', [waiting.id])
    expect(row).toEqual({ body: Buffer.alloc(0), emptied_at: expect.any(Number) })
    const [erasure] = await service.sql('select sought, cleaned_at from erasures where contact_id = $1', [contactId])
    expect(erasure).toEqual({ sought: null, cleaned_at: expect.any(Number) })
  })

  it('one that can never be handled goes, too', async () => {
    const number = newNumber()
    const { contactId } = await lead(service, number)
    const stuck = newMessage({
      door: 'zadarma',
      headers: {},
      event: 'NOTIFY_END',
      body: Buffer.from(`caller_id=${number}`),
    })
    await keepMessage(service.database, stuck, null)
    await service.sql('update inbox set tries = 5 where id = $1', [stuck.id])
    expect((await erase(contactId)).status).toBe(204)
    const [row] = await service.sql('select body, result, reason, due_at from inbox where id = $1', [stuck.id])
    expect(row).toEqual({ body: Buffer.alloc(0), result: 'kept', reason: 'erased', due_at: null })
  })

  it('B5: the end of a call that was erased while it went on changes nothing, and leaves no number', async () => {
    const number = newNumber()
    const { contactId, opportunityId } = await lead(service, number)
    const pbxCallId = outId()
    await notify(service, outStart(pbxCallId, number))
    await erase(contactId)
    const before = (await get(`opportunities/${opportunityId}`)).body
    await notify(service, outEnd(pbxCallId, number, 'answered'))
    const mail = buildMail({ text: `Id de la llamada: ${pbxCallId}\nNúmero: ${number}` })
    await receiveMail(Readable.from([mail]), 'push', service.mails)
    expect((await get(`opportunities/${opportunityId}`)).body).toEqual(before)
    expect(await tracesOf({ needles: { number: number.slice(3) } }, service, folder)).toEqual([])
  })

  it('a call that a server had linked just before, and writes just after, is found by the second look', async () => {
    const { contactId } = await lead(service, newNumber())
    await erase(contactId)
    const { body } = await service.request('POST', '/api/crm/calls', {
      ...{ direction: 'outbound', entity_type: 'contacts', entity_id: contactId, phone_number: newNumber() },
    })
    const sources = { entity_type: 'start', entity_id: 'start', phone_number: 'start', direction: 'start' }
    await service.sql('update calls set sources = $1 where id = $2', [sources, body.id])
    await goOn()
    expect((await get(`calls/${body.id}`)).body.phone_number).toBeNull()
    const [erasure] = await service.sql('select done_at, due_at from erasures where contact_id = $1', [contactId])
    expect(erasure).toEqual({ done_at: expect.any(Number), due_at: null })
  })

  it('the contact is either made before it is erased, or not at all', async () => {
    const ids = Array.from({ length: 8 }, () => randomUUID())
    for (const contact_id of ids) await service.request('POST', '/api/crm/opportunities', { contact_id })
    await Promise.all(
      ids.flatMap((id) => [erase(id), service.request('POST', '/api/crm/contacts', { id, name: 'Ana', phones: [] })]),
    )
    const rows = await service.sql('select from contacts where id = any($1::uuid[])', [ids])
    expect(rows).toEqual([])
    expect(await all(service, `/api/admin/audit?action=contact.erased`)).not.toHaveLength(0)
  })
})
