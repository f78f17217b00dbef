import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Actor } from '../src/audit/actor.ts'
import { createCall, retryCall, updateCall } from '../src/calls/save.ts'
import { syncWhereAsked } from '../src/history/chore.ts'
import { commandLineOn } from './command-line.ts'
import { type Kept, keptAbout as keptOf } from './kept.ts'
import { makeKey } from './keys.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'
import { callTo, type Lead, newLead, post, registered } from './stage.ts'
import { lead, newNumber, notify, outEnd, outId } from './zadarma-door.ts'

/* S10: every change of state has one entry that says who, what, before and after, and by which request. */

let database: TestDatabase
let service: TestService
let machine: Awaited<ReturnType<typeof makeKey>>

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService(database)
  machine = await makeKey(service)
})

afterAll(async () => {
  await service.close()
  await database.drop()
})

const keptAbout = (entityId: string): Promise<Kept[]> => keptOf(service, entityId)

const whoMade = async (entityId: string): Promise<string | undefined> => (await keptAbout(entityId))[0]?.who

const callIdOf = async (pbxCallId: string): Promise<string> => {
  const [row] = await service.sql<{ id: string }>('select id from calls where provider_call_id = $1', [pbxCallId])
  return row?.id ?? ''
}

describe('a call', () => {
  it('that is made, changed and deleted has an entry for each, and so has its opportunity', async () => {
    const person = await newLead(service)
    const given = { phone_number: '+34612345678', resumen_llamada: 'No contesta', started_at: '2026-03-02T10:15:00Z' }
    const made = await post(service, callTo(person, given))
    const { id } = made.body
    const answered = await service.request(
      'PATCH',
      `/api/crm/calls/${id}`,
      { call_status: 'answered', resumen_llamada: 'Le interesa', started_at: '2026-03-02T10:15:00Z' },
      { 'x-request-id': 'from-the-client_1' },
    )
    const gone = await service.request('DELETE', `/api/crm/calls/${id}`)
    const requestIds = [made, answered, gone].map(({ headers }) => headers['x-request-id'])
    expect(requestIds).toEqual([expect.stringMatching(/^[\da-f-]{36}$/), 'from-the-client_1', expect.any(String)])

    const link = { entity_type: 'contacts', entity_id: person.contactId, direction: 'outbound' }
    const own = { ...link, phone_number: given.phone_number, started_at: given.started_at }
    const decided = { outcome: 'registered', opportunity_id: person.opportunityId, created_at: made.body.created_at }
    const by = { who: 'bootstrap' }
    expect(await keptAbout(id)).toEqual([
      {
        ...{ ...by, action: 'call.created', request_id: requestIds[0], before: null },
        after: { ...own, ...decided, call_status: 'no_answer', resumen_llamada: 'No contesta' },
      },
      {
        ...{ ...by, action: 'call.changed', request_id: requestIds[1] },
        before: { call_status: 'no_answer', resumen_llamada: 'No contesta' },
        after: { call_status: 'answered', resumen_llamada: 'Le interesa' },
      },
      {
        ...{ ...by, action: 'call.deleted', request_id: requestIds[2], after: null },
        before: { ...own, ...decided, call_status: 'answered', resumen_llamada: 'Le interesa' },
      },
    ])
    const attempt = { call_id: id, attempted_at: given.started_at }
    const orange = { 1: { ...attempt, status: 'orange' } }
    const green = { 1: { ...attempt, status: 'green' } }
    expect((await keptAbout(person.opportunityId)).slice(1)).toEqual([
      {
        ...{ ...by, action: 'opportunity.changed', request_id: requestIds[0] },
        before: { status: 'pending', first_call_attempts: null, last_contact_attempt_at: null },
        after: { status: 'contacted', first_call_attempts: orange, last_contact_attempt_at: given.started_at },
      },
      {
        ...{ ...by, action: 'opportunity.changed', request_id: requestIds[1] },
        before: { first_call_attempts: orange, first_call_completed: false, first_call_successful_attempt: null },
        after: { first_call_attempts: green, first_call_completed: true, first_call_successful_attempt: 1 },
      },
      {
        ...{ ...by, action: 'opportunity.changed', request_id: requestIds[2] },
        before: {
          ...{ first_call_attempts: green, first_call_completed: true, first_call_successful_attempt: 1 },
          last_contact_attempt_at: given.started_at,
        },
        after: {
          ...{ first_call_attempts: null, first_call_completed: false, first_call_successful_attempt: null },
          last_contact_attempt_at: null,
        },
      },
    ])
  })

  it('that nothing changed of has no entry for it, nor has an opportunity of which only the revision grew', async () => {
    const person = await newLead(service)
    for (let count = 0; count < 5; count++) await registered(service, person)
    const { body } = await post(service, callTo(person))
    expect(body.attempt.outcome).toBe('limit_reached')
    await service.request('PATCH', `/api/crm/calls/${body.id}`, { call_status: 'no_answer' })
    expect((await keptAbout(body.id)).map(({ action }) => action)).toEqual(['call.created'])
    expect(await keptAbout(person.opportunityId)).toHaveLength(6)
  })

  it('of which several changes come in one batch has an entry for each, by whoever asked for it', async () => {
    const { contactId, opportunityId } = await newLead(service)
    const id = randomUUID()
    const by = (who: string): Actor => ({ who, requestId: null })
    const asked = { id, isIdGiven: true, provider: null, provider_call_id: null, created_at: null }
    const fields = { direction: 'outbound', entity_type: 'contacts', entity_id: contactId } as const
    await Promise.all([
      service.register.registerCallAttempt(createCall({ ...asked, fields }, by('first'))),
      service.register.registerCallAttempt(updateCall(id, { call_status: 'busy' }, by('second'))),
      service.register.registerCallAttempt(updateCall(id, { call_status: 'answered' }, by('third'))),
    ])
    expect((await keptAbout(id)).map(({ who, after }) => [who, after?.call_status])).toEqual([
      ['first', undefined],
      ['second', 'busy'],
      ['third', 'answered'],
    ])
    // None and busy are both orange.
    const kept = await keptAbout(opportunityId)
    expect(kept.map(({ who }) => who)).toEqual(['bootstrap', 'first', 'third'])
  })
})

describe('who', () => {
  const person = (): Promise<Lead> => newLead(service)

  it('is the key, where one was asked with', async () => {
    const { headers, id: keyId } = machine
    const { body } = await service.request('POST', '/api/crm/calls/batch', { calls: [callTo(await person())] }, headers)
    expect(await whoMade(body.results[0].call.id)).toBe(`key:${keyId}`)
  })

  it('is the PBX, with the request by which it told', async () => {
    const [number, id] = [newNumber(), outId()]
    const { opportunityId } = await lead(service, number)
    const { headers } = await notify(service, outEnd(id, number, 'busy'))
    const callId = await callIdOf(id)
    const by = { who: 'zadarma', request_id: headers['x-request-id'] }
    expect(await keptAbout(callId)).toMatchObject([{ ...by, action: 'call.created' }])
    expect((await keptAbout(opportunityId))[1]).toMatchObject(by)
  })

  it('is whoever made the contact, of a call that waited for it', async () => {
    const [number, id] = [newNumber(), outId()]
    await notify(service, outEnd(id, number, 'busy'))
    const { headers } = await service.request('POST', '/api/crm/contacts', { name: 'Ana', phones: [number] })
    expect((await keptAbout(await callIdOf(id)))[1]).toMatchObject({
      ...{ who: 'bootstrap', request_id: headers['x-request-id'], action: 'call.changed' },
      after: { entity_type: 'contacts', link: { how: 'number' } },
    })
  })

  it('is the sweep, for what could not be registered at once', async () => {
    const { contactId, opportunityId } = await person()
    const { body } = await post(service, callTo({ contactId: randomUUID(), opportunityId }))
    await service.sql(
      `update calls set entity_id = $2, outcome = 'pending', pending_since = now(), due_at = now() where id = $1`,
      [body.id, contactId],
    )
    await service.register.registerCallAttempt(retryCall(body.id))
    const by = { who: 'sweep', request_id: null }
    expect((await keptAbout(body.id)).at(-1)).toMatchObject({ ...by, after: { outcome: 'registered' } })
    expect((await keptAbout(opportunityId)).at(-1)).toMatchObject(by)
  })

  it('is the history sync, and who asked for it has an entry of its own', async () => {
    const contactId = randomUUID()
    const { body: call } = await post(service, callTo({ contactId, opportunityId: '' }))
    await service.request('POST', '/api/crm/opportunities', {
      contact_id: contactId,
      created_at: '2020-01-01T00:00:00Z',
    })
    const asked = await service.request('POST', '/api/crm/sync', { contact: contactId })
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
    const signal = new AbortController().signal
    while (await syncWhereAsked({ database: service.database, metrics: service.metrics, log }, signal));
    expect((await keptAbout(call.id))[1]).toMatchObject({ who: 'sync', after: { outcome: 'registered' } })
    expect(await keptAbout(asked.body.id)).toMatchObject([
      { action: 'sync.requested', who: 'bootstrap', after: { contact: contactId } },
      { action: 'sync.finished', who: 'sync', after: { state: 'done', seen: 1, registered: 1 } },
    ])
  })

  it('is the import, or who sits at the command line', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-audit-'))
    try {
      const run = commandLineOn(database, path.join(folder, 'data'))
      const ids = { contact: randomUUID(), opportunity: randomUUID(), call: randomUUID() }
      const files = {
        contacts: { id: ids.contact, name: 'Ana García' },
        opportunities: { id: ids.opportunity, contact_id: ids.contact },
        calls: { id: ids.call, ...callTo({ contactId: ids.contact, opportunityId: '' }) },
      }
      for (const [kind, line] of Object.entries(files)) {
        const file = path.join(folder, `${kind}.jsonl`)
        await writeFile(file, `${JSON.stringify(line)}\n`)
        expect(await run(['import', kind, file])).toMatchObject({ code: 0 })
      }
      expect(await Promise.all(Object.values(ids).map(whoMade))).toEqual(['import', 'import', 'import'])

      const made = await run(['key', 'add', '--name', 'A machine', '--role', 'admin', '--json'])
      const { id } = JSON.parse(made.stdout)
      expect(await keptAbout(id)).toMatchObject([
        { action: 'key.created', who: 'command line', after: { name: 'A machine', role: 'admin' } },
      ])
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('an entry', () => {
  it('is there of contacts, opportunities, keys and decisions', async () => {
    const contact = await service.request('POST', '/api/crm/contacts', { name: 'Ana', phones: ['612 000 111'] })
    const contactUrl = `/api/crm/contacts/${contact.body.id}`
    await service.request('PATCH', contactUrl, { name: 'Ana García', opt_out: true })
    await service.request('PATCH', contactUrl, { name: 'Ana García' })
    await service.request('DELETE', contactUrl)
    expect(await keptAbout(contact.body.id)).toMatchObject([
      { action: 'contact.created', before: null, after: { name: 'Ana', phones: ['+34612000111'], opt_out: false } },
      {
        action: 'contact.changed',
        before: { name: 'Ana', opt_out: false },
        after: { name: 'Ana García', opt_out: true },
      },
      { action: 'contact.deleted', before: { name: 'Ana García', phones: ['+34612000111'] }, after: null },
    ])

    const { opportunityId } = await newLead(service)
    const url = `/api/crm/opportunities/${opportunityId}`
    await service.request('PATCH', url, { title: 'Cocina', assigned_to: 'ana@example.com' })
    await service.request('DELETE', url)
    expect(await keptAbout(opportunityId)).toMatchObject([
      { action: 'opportunity.created' },
      { action: 'opportunity.changed', after: { title: 'Cocina', assigned_to: 'ana@example.com' } },
      { action: 'opportunity.deleted', before: { title: 'Cocina' }, after: null },
    ])

    const key = await service.request('POST', '/api/admin/keys', { name: 'A machine', role: 'viewer' })
    await service.request('DELETE', `/api/admin/keys/${key.body.id}`)
    await service.request('DELETE', `/api/admin/keys/${key.body.id}`)
    expect(await keptAbout(key.body.id)).toMatchObject([
      { action: 'key.created', after: { name: 'A machine', role: 'viewer' } },
      { action: 'key.revoked', before: { revoked_at: null }, after: { revoked_at: expect.any(String) } },
    ])
    const [{ secrets } = { secrets: -1 }] = await service.sql<{ secrets: number }>(
      'select count(*)::int as secrets from audit where after::text like $1',
      [`%${key.body.key}%`],
    )
    expect(secrets).toBe(0)

    const number = newNumber()
    const makePerson = async (name: string): Promise<string> =>
      (await service.request('POST', '/api/crm/contacts', { name, phones: [number] })).body.id
    const [ana] = [await makePerson('Ana'), await makePerson('Luis')]
    const id = outId()
    await notify(service, outEnd(id, number, 'busy'))
    const callId = await callIdOf(id)
    const [item] = await service.sql<{ id: string }>('select id from review_items where call_id = $1', [callId])
    const answer = { action: 'link', contact_id: ana, reason: 'Ana lo dijo' }
    expect((await service.request('POST', `/api/crm/review/${item?.id}`, answer)).status).toBe(200)
    expect(await keptAbout(item?.id ?? '')).toMatchObject([
      { action: 'review.opened', who: 'zadarma', after: { kind: 'doubtful_link', call_id: callId } },
      { action: 'review.decided', who: 'bootstrap', after: { action: 'link', reason: 'Ana lo dijo' } },
    ])
  })

  it('has what tells of a person in a table of its own, and names the fields', async () => {
    const person = await newLead(service)
    const secrets = { phone_number: '+34699888777', resumen_llamada: 'SECRET-1', call_result: 'SECRET-2' }
    const { body } = await post(service, callTo(person, secrets))
    await service.request('PATCH', `/api/crm/opportunities/${person.opportunityId}`, { title: 'SECRET-3' })
    const contact = await service.request('POST', '/api/crm/contacts', {
      name: 'SECRET-4',
      email: 'secret-5@example.com',
    })
    const ids = [body.id, person.opportunityId, contact.body.id]
    const rows = await service.sql<{ row: string; fields: string | null }>(
      'select audit::text as row, personal_fields as fields from audit where entity_id = any($1) order by id',
      [ids],
    )
    expect(rows.filter(({ row }) => /secret|699888777/i.test(row))).toEqual([])
    expect(rows.map(({ fields }) => fields?.split(',').sort() ?? null)).toEqual([
      null,
      ['call_result', 'phone_number', 'resumen_llamada'],
      null,
      ['title'],
      ['email', 'name', 'phones'],
    ])
    const concerned = await service.sql(
      `select contact_id, call_id from audit_values join audit on audit.id = audit_id
       where entity_id = any($1) order by audit_id`,
      [ids],
    )
    expect(concerned).toEqual([
      { contact_id: person.contactId, call_id: body.id },
      { contact_id: person.contactId, call_id: null },
      { contact_id: contact.body.id, call_id: null },
    ])
  })

  it('cannot be changed, deleted or emptied', async () => {
    await newLead(service)
    const refused = { code: '42501', message: 'The audit is added to, and neither changed nor emptied.' }
    for (const statement of ["update audit set who = 'nobody'", 'delete from audit', 'truncate audit']) {
      await expect(service.sql(statement)).rejects.toMatchObject(refused)
    }
    expect(await service.sql("select from audit where who = 'nobody'")).toEqual([])
  })

  it('(control) without its guard it can', async () => {
    await service.sql('alter table audit disable trigger refuse_change_of_audit')
    const rows = await service.sql("update audit set who = who where action = 'opportunity.created' returning id")
    await service.sql('alter table audit enable trigger refuse_change_of_audit')
    expect(rows.length).toBeGreaterThan(0)
  })

  it('and its change are written together, or neither', async () => {
    const { contactId, opportunityId } = await newLead(service)
    const lead = { contactId, opportunityId }
    const state = async () => ({
      rows: await service.sql(
        `select (select count(*)::int from audit) as audit, (select count(*)::int from calls) as calls,
           (select count(*)::int from contacts) as contacts`,
      ),
      opportunity: (await service.request('GET', `/api/crm/opportunities/${opportunityId}`)).body,
    })
    const before = await state()
    for (const table of ['audit', 'calls', 'contacts', 'lead_opportunities']) {
      await service.sql(`
        create function fault() returns trigger language plpgsql as $$
          begin raise exception 'a fault for the test' using errcode = '22000'; end $$;
        create trigger fault before insert or update on ${table} for each row execute function fault()`)
      const isOfAttempt = table === 'lead_opportunities'
      const call = await post(service, callTo(lead))
      const contact = await service.request('POST', '/api/crm/contacts', { name: 'Nobody' })
      await service.sql(`drop trigger fault on ${table}; drop function fault`)
      // A9: the call is saved although its attempt cannot be.
      expect([table, call.status]).toEqual([table, isOfAttempt ? 201 : table === 'contacts' ? 201 : 500])
      expect([table, contact.status]).toEqual([table, table === 'audit' || table === 'contacts' ? 500 : 201])
      if (table === 'audit') expect(await state()).toEqual(before)
      if (table === 'calls') {
        expect((await state()).opportunity).toEqual(before.opportunity)
        expect(
          await service.sql("select from audit where action = 'call.created' and after->>'entity_id' = $1", [
            contactId,
          ]),
        ).toEqual([])
      }
    }
  })
})
