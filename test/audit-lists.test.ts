import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROLES } from '../src/auth/access.ts'
import type { Role } from '../src/auth/caller.ts'
import { makeKey } from './keys.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'
import { callTo, newLead, post } from './stage.ts'

/* The audit as it is read: histories of a call and of an opportunity, and all of it for admins. */

let database: TestDatabase
let service: TestService
const keys = new Map<Role, Awaited<ReturnType<typeof makeKey>>>()

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService(database)
  for (const role of ROLES) keys.set(role, await makeKey(service, { role, user_id: role === 'agent' ? 'ana' : null }))
})

afterAll(async () => {
  await service.close()
  await database.drop()
})

function keyOf(role: Role) {
  const key = keys.get(role)
  if (key === undefined) throw new Error(`there is no key of the role ${role}`)
  return key
}

const at = (hour: number): string => `2026-03-02T${String(hour).padStart(2, '0')}:00:00Z`

async function callAt(lead: { contactId: string; opportunityId: string }, hour: number, fields: object = {}) {
  const { body } = await post(service, callTo(lead, { started_at: at(hour), ...fields }))
  return body.id as string
}

const get = async (url: string, headers: Record<string, string> = {}) =>
  (await service.request('GET', url, undefined, headers)).body

describe('the history of an opportunity', () => {
  it('tells each renumbering: calls that are reported late, deleted, or moved (B4, B5)', async () => {
    const person = await newLead(service)
    const other = await newLead(service)
    const [second, third] = [await callAt(person, 2), await callAt(person, 3)]
    const first = await callAt(person, 1)
    await service.request('PATCH', `/api/crm/calls/${third}`, { started_at: at(0) })
    await service.request('PATCH', `/api/crm/calls/${first}`, { entity_id: other.contactId })
    await service.request('DELETE', `/api/crm/calls/${third}`)
    const { data } = await get(`/api/crm/opportunities/${person.opportunityId}/history`)
    expect(data.map((entry: { renumbered: unknown }) => entry.renumbered)).toEqual([
      [
        { call_id: second, from: 2, to: 1 },
        { call_id: third, from: 1, to: null },
      ],
      [
        { call_id: second, from: 3, to: 2 },
        { call_id: first, from: 2, to: null },
      ],
      [
        { call_id: third, from: 3, to: 1 },
        { call_id: first, from: 1, to: 2 },
        { call_id: second, from: 2, to: 3 },
      ],
      [
        { call_id: first, from: null, to: 1 },
        { call_id: second, from: 1, to: 2 },
        { call_id: third, from: 2, to: 3 },
      ],
      [{ call_id: third, from: null, to: 2 }],
      [{ call_id: second, from: null, to: 1 }],
      [],
    ])
    expect(data[0]).toEqual({
      id: expect.any(Number),
      at: expect.stringMatching(/Z$/),
      who: 'bootstrap',
      request_id: expect.any(String),
      action: 'opportunity.changed',
      kind: 'opportunity',
      entity_id: person.opportunityId,
      before: {
        first_call_attempts: {
          1: { call_id: third, status: 'orange', attempted_at: at(0) },
          2: { call_id: second, status: 'orange', attempted_at: at(2) },
        },
      },
      after: { first_call_attempts: { 1: { call_id: second, status: 'orange', attempted_at: at(2) } } },
      withheld: [],
      renumbered: expect.any(Array),
    })
  })

  it('keeps the notes of an older system’s attempt that become those of a call (B7)', async () => {
    const person = await newLead(service)
    const contact_id = person.contactId
    const call_id = '11111111-2222-4333-8444-555555555555'
    const older = { status: 'orange', call_id, attempted_at: at(1), notes: 'No estaba' }
    const made = await service.request('POST', '/api/crm/opportunities', {
      contact_id,
      first_call_attempts: { 1: older },
    })
    await callAt(person, 1, { id: call_id, resumen_llamada: 'Sí estaba' })
    const { data } = await get(`/api/crm/opportunities/${made.body.id}/history`)
    expect(data).toMatchObject([
      { before: { attempt_notes: { 1: 'No estaba' } }, renumbered: [] },
      { after: { attempt_notes: { 1: 'No estaba' } }, renumbered: [{ call_id, from: null, to: 1 }] },
    ])
  })
})

describe('a history', () => {
  it('comes newest first, page by page, and ends', async () => {
    const person = await newLead(service)
    const id = await callAt(person, 1)
    const words = ['busy', 'failed', 'answered', 'rejected']
    for (const call_status of words) await service.request('PATCH', `/api/crm/calls/${id}`, { call_status })
    const url = `/api/crm/calls/${id}/history`
    const seen: unknown[] = []
    let cursor: string | null = ''
    for (let pages = 0; cursor !== null; pages++) {
      const page: { data: { after: { call_status: string } }[]; next_cursor: string | null } = await get(
        `${url}?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`,
      )
      seen.push(...page.data.map(({ after }) => after.call_status))
      cursor = page.next_cursor
      expect(pages).toBeLessThan(3)
    }
    expect(seen).toEqual([...words.toReversed(), 'no_answer'])
    const { data, next_cursor } = await get(url)
    expect([data.length, next_cursor]).toEqual([5, null])
  })

  it('of a call tells of its recordings, too', async () => {
    const id = await callAt(await newLead(service), 1)
    const recordingId = '01920f6e-7c1d-7a3b-8f00-1234567890ab'
    await service.sql(`insert into recordings (id, call_id, provider, status) values ($1, $2, 'zadarma', 'missing')`, [
      recordingId,
      id,
    ])
    await service.sql(
      `insert into audit (at, who, action, entity_id, before, after)
       values (now(), 'zadarma', 'recording.changed', $1, '{"status": "expected"}', '{"status": "missing"}')`,
      [recordingId],
    )
    const { data } = await get(`/api/crm/calls/${id}/history`)
    expect(data.map(({ action }: { action: string }) => action)).toEqual(['recording.changed', 'call.created'])
  })

  it('of a contact tells who changed it, to those who see it', async () => {
    const { body: contact } = await service.request('POST', '/api/crm/contacts', { name: 'Ana', phones: [] })
    await service.request('PATCH', `/api/crm/contacts/${contact.id}`, { name: 'Ana María', opt_out: true })
    const url = `/api/crm/contacts/${contact.id}/history`
    const seen = await get(url, keyOf('agent').headers)
    expect(seen).toMatchObject({
      data: [
        {
          who: 'bootstrap',
          action: 'contact.changed',
          before: { name: 'Ana', opt_out: false },
          after: { name: 'Ana María', opt_out: true },
          withheld: [],
        },
        { action: 'contact.created', before: null, after: { name: 'Ana' } },
      ],
      next_cursor: null,
    })
    await service.request('POST', '/api/crm/opportunities', { contact_id: contact.id, assigned_to: 'luis' })
    expect(await service.request('GET', url, undefined, keyOf('agent').headers)).toMatchObject({ status: 404 })
    expect(await get(url, keyOf('viewer').headers)).toEqual(seen)
  })

  it('is refused where there is no such thing, or with faults', async () => {
    const nothing = '/api/crm/calls/01920f6e-7c1d-7a3b-8f00-1234567890ff/history'
    expect(await service.request('GET', nothing)).toMatchObject({ status: 404 })
    for (const others of ['opportunities', 'contacts']) {
      expect(await service.request('GET', nothing.replace('calls', others))).toMatchObject({ status: 404 })
    }
    expect(await service.request('GET', `${nothing}?limit=0&cursor=x&other=1`)).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'limit' }, { path: 'cursor' }, { path: 'other' }] },
    })
  })

  it('names what is erased, and no longer tells it', async () => {
    const id = await callAt(await newLead(service), 1, { phone_number: '+34612345678', call_result: 'No estaba' })
    await service.sql('update audit_values set before = null, after = null where call_id = $1', [id])
    const { data } = await get(`/api/crm/calls/${id}/history`)
    expect(data).toMatchObject([
      { action: 'call.created', withheld: expect.arrayContaining(['phone_number', 'call_result']) },
    ])
    expect(JSON.stringify(data)).not.toMatch(/612345678|No estaba/)
  })

  it('does not tell an agent of a person whom he does not see, of a call that was once with that person', async () => {
    const [his, others] = [await newLead(service), await newLead(service)]
    const { headers } = keyOf('agent')
    await service.request('PATCH', `/api/crm/opportunities/${his.opportunityId}`, { assigned_to: 'ana' })
    await service.request('PATCH', `/api/crm/opportunities/${others.opportunityId}`, { assigned_to: 'luis' })
    const id = await callAt(others, 1, { phone_number: '+34600000001' })
    const url = `/api/crm/calls/${id}/history`
    expect(await service.request('GET', url, undefined, headers)).toMatchObject({ status: 404 })
    const moved = { entity_id: his.contactId, phone_number: '+34600000002' }
    await service.request('PATCH', `/api/crm/calls/${id}`, moved)
    await service.request('PATCH', `/api/crm/calls/${id}`, { phone_number: '+34600000003' })
    const seen = await get(url, headers)
    expect(seen.data).toMatchObject([
      { before: { phone_number: '+34600000002' }, after: { phone_number: '+34600000003' }, withheld: [] },
      { after: { entity_id: his.contactId }, withheld: ['phone_number', 'entity_id', 'opportunity_id'] },
      { action: 'call.created', withheld: ['phone_number', 'entity_id', 'opportunity_id'] },
    ])
    for (const one of [others.contactId, others.opportunityId]) expect(JSON.stringify(seen)).not.toContain(one)
    expect(JSON.stringify(seen)).not.toContain('+34600000001')
    expect(JSON.stringify(await get(url))).toContain('+34600000001')
  })
})

describe('GET /api/admin/audit', () => {
  it('is for admins', async () => {
    for (const role of ['manager', 'agent', 'viewer'] as const) {
      const { headers } = keyOf(role)
      expect(await service.request('GET', '/api/admin/audit', undefined, headers)).toMatchObject({ status: 403 })
    }
  })

  it('is narrowed by each of its filters, and by all of them', async () => {
    const { headers, id: keyId } = keyOf('admin')
    const person = await newLead(service)
    const from = new Date().toISOString()
    const { body } = await service.request('POST', '/api/crm/calls', callTo(person), headers)
    const to = new Date(Date.now() + 1_000).toISOString()
    const actionsOf = async (query: string): Promise<string[]> =>
      (await get(`/api/admin/audit?${query}`)).data.map((entry: { action: string }) => entry.action)
    const both = ['opportunity.changed', 'call.created']
    expect(await actionsOf(`who=key:${keyId}`)).toEqual(both)
    expect(await actionsOf(`entity_id=${body.id}`)).toEqual(['call.created'])
    expect(await actionsOf(`who=key:${keyId}&kind=call`)).toEqual(['call.created'])
    expect(await actionsOf(`who=key:${keyId}&action=opportunity.changed`)).toEqual(['opportunity.changed'])
    expect(await actionsOf(`who=key:${keyId}&from=${from}&to=${to}`)).toEqual(both)
    expect(await actionsOf(`who=key:${keyId}&to=${from}`)).toEqual([])
    expect(await actionsOf(`who=key:${keyId}&from=${to}`)).toEqual([])
    expect(await actionsOf(`entity_id=${person.opportunityId}&kind=call`)).toEqual([])
    expect(await actionsOf('limit=1&kind=key')).toHaveLength(1)
  })

  it('is read to its end, without a gap and without an entry twice', async () => {
    const ids: number[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: { data: { id: number }[]; next_cursor: string | null } = await get(
        `/api/admin/audit?limit=7${cursor === '' ? '' : `&cursor=${cursor}`}`,
      )
      ids.push(...page.data.map(({ id }) => id))
      cursor = page.next_cursor
    }
    const rows = await service.sql<{ id: number }>('select id from audit order by at desc, id desc')
    expect(ids).toEqual(rows.map(({ id }) => id))
  })

  it('refuses what it does not know, and a time before another', async () => {
    const query = 'kind=door&from=2026-03-02T10:00:00Z&to=2026-03-01T10:00:00Z&nobody=1&entity_id=x'
    const { status, body } = await service.request('GET', `/api/admin/audit?${query}`)
    expect(status).toBe(422)
    expect(body.errors.map(({ path }: { path: string }) => path).sort()).toEqual(['entity_id', 'kind', 'nobody'])
    const turned = 'from=2026-03-02T10:00:00Z&to=2026-03-01T10:00:00Z'
    expect((await service.request('GET', `/api/admin/audit?${turned}`)).body.errors).toEqual([
      { path: 'to', message: 'is not after from' },
    ])
  })
})
