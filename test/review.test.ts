import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'
import * as door from './zadarma-door.ts'
import { newNumber, outEnd, outId, outStart } from './zadarma-door.ts'

/* What a machine could not decide, and a person does with one request. */

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

const notify = (fields: door.Fields) => door.notify(service, fields)
const callOf = (pbxCallId: string) => door.callOf(service, pbxCallId)
const attemptsOf = (opportunityId: string) => door.attemptsOf(service, opportunityId)
const decide = (id: string, answer: object, by = service) => by.request('POST', `/api/crm/review/${id}`, answer)

/** The one open item about a call. */
async function itemOf(callId: string) {
  const items = await door.doubtsOf(service, callId)
  expect(items).toHaveLength(1)
  return items[0]
}

/** Two contacts with one number and no open opportunity when the call comes: the one made last is taken. */
async function doubtfulLink() {
  const number = newNumber()
  const contacts: string[] = []
  for (const name of ['First', 'Last']) {
    contacts.push((await service.request('POST', '/api/crm/contacts', { name, phones: [number] })).body.id)
  }
  const id = outId()
  await notify(outEnd(id, number, 'busy'))
  const call = await callOf(id)
  const [first = '', last = ''] = contacts
  expect(call.entity_id).toBe(last)
  return { id, number, call, first, last, item: await itemOf(call.id) }
}

/** One call of a lead told under two ids: the first knows less than the second. */
async function sameCall() {
  const number = newNumber()
  const { contactId, opportunityId } = await door.lead(service, number)
  const [a, b] = [outId(), outId()]
  await notify(outStart(a, number))
  await notify(
    outEnd(b, number, 'busy', { is_recorded: '1', call_id_with_rec: `${1_772_442_900 + ++recordings}.1230` }),
  )
  const [first, second] = [await callOf(a), await callOf(b)]
  return { number, contactId, opportunityId, a, b, first, second, item: await itemOf(second.id) }
}
let recordings = 0

/** A call that was told twice, and differently. */
async function contradiction() {
  const number = newNumber()
  const { opportunityId } = await door.lead(service, number)
  const id = outId()
  await notify(outEnd(id, number, 'busy'))
  await notify(outEnd(id, number, 'answered'))
  const call = await callOf(id)
  return { id, number, opportunityId, call, item: await itemOf(call.id) }
}

describe('the review list', () => {
  it('gives what is open, oldest first, by pages and by kind', async () => {
    const items = [(await doubtfulLink()).item, (await contradiction()).item, (await sameCall()).item]
    const { body: all } = await service.request('GET', '/api/crm/review?limit=200')
    const ids = all.data.map(({ id }: { id: string }) => id)
    expect(all.next_cursor).toBeNull()
    expect(ids.filter((id: string) => items.some((item) => item.id === id))).toEqual(items.map(({ id }) => id))
    const paged: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const { body }: { body: typeof all } = await service.request('GET', `/api/crm/review?limit=1${cursor}`)
      paged.push(...body.data.map(({ id }: { id: string }) => id))
      cursor = body.next_cursor === null ? null : `&cursor=${body.next_cursor}`
    }
    expect(paged).toEqual(ids)
    const { body: some } = await service.request('GET', '/api/crm/review?kind=contradiction')
    expect(some.data.map(({ kind }: { kind: string }) => kind)).toContain('contradiction')
    expect(new Set(some.data.map(({ kind }: { kind: string }) => kind)).size).toBe(1)
    expect((await service.request('GET', '/api/crm/review?kind=gossip')).status).toBe(422)
  })

  it('shows what a person needs to decide, and no longer once it is decided', async () => {
    const { call, item, first, last } = await doubtfulLink()
    expect(item).toEqual({
      id: expect.any(String),
      kind: 'doubtful_link',
      call_id: call.id,
      reason: expect.stringContaining('2 contacts have the number'),
      candidates: expect.arrayContaining([
        { contact_id: first, is_linked: 0 },
        { contact_id: last, is_linked: 1 },
      ]),
      created_at: expect.any(String),
      decision: null,
    })
    const answer = await decide(item.id, { action: 'dismiss', reason: 'She said so' })
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({
      ...item,
      decision: {
        action: 'dismiss',
        call_id: null,
        contact_id: null,
        reason: 'She said so',
        by: 'bootstrap',
        at: expect.stringMatching(/^20.+Z$/),
      },
    })
    expect(await door.doubtsOf(service, call.id)).toEqual([])
  })

  it('takes an answer once: the same one again is a success, another one learns what was decided', async () => {
    const { item, first, last } = await doubtfulLink()
    const answer = { action: 'link', contact_id: first, reason: 'Her voice' }
    const done = await decide(item.id, answer)
    expect(await decide(item.id, answer)).toMatchObject({ status: 200, body: done.body })
    for (const other of [{ ...answer, contact_id: last }, { ...answer, reason: 'x' }, { action: 'dismiss' }]) {
      const refused = await decide(item.id, other)
      expect(refused.status).toBe(409)
      expect(refused.body.detail).toContain(`link to ${first} ("Her voice"), with the key bootstrap`)
    }
    expect((await service.request('GET', `/api/crm/calls/${item.call_id}`)).body.entity_id).toBe(first)
  })

  it('refuses what cannot be decided, and changes nothing', async () => {
    const [link, two, told] = [await doubtfulLink(), await sameCall(), await contradiction()]
    const cases: [string, object, number, RegExp][] = [
      [randomUUID(), { action: 'dismiss' }, 404, /no item/],
      ['nonsense', { action: 'dismiss' }, 400, /./],
      [link.item.id, {}, 422, /action/],
      [link.item.id, { action: 'dismiss', note: 'x' }, 422, /note/],
      [link.item.id, { action: 'create' }, 422, /linked or dismissed/],
      [link.item.id, { action: 'link' }, 422, /contact_id.*Name the contact/],
      [link.item.id, { action: 'link', contact_id: randomUUID() }, 422, /contact_id.*no contact/],
      [link.item.id, { action: 'link', contact_id: link.first, call_id: link.call.id }, 422, /call_id.*leave it out/],
      [link.item.id, { action: 'dismiss', contact_id: link.first }, 422, /contact_id.*leave it out/],
      [two.item.id, { action: 'create' }, 422, /linked or dismissed/],
      [two.item.id, { action: 'link' }, 422, /call_id.*stays/],
      [two.item.id, { action: 'link', call_id: link.call.id }, 422, /call_id.*stays/],
      [told.item.id, { action: 'link', call_id: told.call.id }, 422, /action.*PATCH the call/],
      [told.item.id, { action: 'create' }, 422, /linked or dismissed/],
    ]
    for (const [id, answer, status, words] of cases) {
      const refused = await decide(id, answer)
      expect([answer, refused.status]).toEqual([answer, status])
      expect(JSON.stringify(refused.body)).toMatch(words)
    }
    for (const { item } of [link, two, told]) expect(await itemOf(item.call_id)).toEqual(item)
    expect(await callOf(link.id)).toEqual(link.call)
    expect([await callOf(two.a), await callOf(two.b)]).toEqual([two.first, two.second])
    expect(await callOf(told.id)).toEqual(told.call)
  })
})

describe('a doubtful link', () => {
  it('that is linked moves the call, with its attempt, by a word that no machine overrules (B5, B10)', async () => {
    const { id, call, item, first, last, number } = await doubtfulLink()
    const opportunity = async (contact_id: string) =>
      (await service.request('POST', '/api/crm/opportunities', { contact_id })).body.id as string
    const [wrong, right] = [await opportunity(last), await opportunity(first)]
    // The attempt is where the machine's guess put it, before a later one.
    await service.request('PATCH', `/api/crm/calls/${call.id}`, {})
    const later = {
      direction: 'outbound',
      entity_type: 'contacts',
      entity_id: last,
      started_at: '2026-03-03T10:00:00Z',
    }
    const { body: other } = await service.request('POST', '/api/crm/calls', later)
    expect(other.attempt.number).toBe(2)

    expect((await decide(item.id, { action: 'link', contact_id: first })).status).toBe(200)
    expect(await callOf(id)).toMatchObject({
      entity_type: 'contacts',
      entity_id: first,
      link: null,
      attempt: { outcome: 'registered', opportunity_id: right, number: 1, status: 'orange' },
    })
    expect(Object.values(await attemptsOf(wrong))).toMatchObject([{ call_id: other.id }])
    expect(Object.values(await attemptsOf(right))).toMatchObject([{ call_id: call.id }])

    await notify(outEnd(id, number, 'busy', { destination: newNumber().slice(1) }))
    expect(await callOf(id)).toMatchObject({ entity_id: first, link: null })
  })

  it('that is dismissed stays as it is, and is a person’s word from then on', async () => {
    const { id, number, call, item, last, first } = await doubtfulLink()
    await decide(item.id, { action: 'dismiss' })
    expect(await callOf(id)).toMatchObject({ entity_type: 'contacts', entity_id: last, link: null })
    const [row] = await service.sql('select sources from calls where id = $1', [call.id])
    expect(row?.sources).toMatchObject({ entity_type: 'person', entity_id: 'person' })
    await service.request('POST', '/api/crm/opportunities', { contact_id: first })
    await notify(outEnd(id, number, 'busy', { call_id_with_rec: '1772442900.777', is_recorded: '1' }))
    expect(await callOf(id)).toMatchObject({ entity_id: last, recordings: [{ status: 'expected' }] })
  })

  it('of a call that was deleted can be dismissed only', async () => {
    const { id, call, item, first } = await doubtfulLink()
    await service.request('DELETE', `/api/crm/calls/${call.id}`)
    const refused = await decide(item.id, { action: 'link', contact_id: first })
    expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining('can be dismissed only')])
    expect((await decide(item.id, { action: 'dismiss' })).body).toMatchObject({ decision: { action: 'dismiss' } })
    expect(await callOf(id)).toBeNull()
  })
})

describe('a contradiction', () => {
  it('that is dismissed keeps the first value', async () => {
    const { id, call, item, opportunityId } = await contradiction()
    const attempts = await attemptsOf(opportunityId)
    expect((await decide(item.id, { action: 'dismiss' })).status).toBe(200)
    expect(await callOf(id)).toEqual(call)
    expect(await attemptsOf(opportunityId)).toEqual(attempts)
  })

  it('of a call that was deleted can be dismissed', async () => {
    const { call, item } = await contradiction()
    await service.request('DELETE', `/api/crm/calls/${call.id}`)
    expect((await decide(item.id, { action: 'dismiss' })).status).toBe(200)
  })
})

describe('two calls that may be one', () => {
  it('are one once they are linked: what the other brought goes over, attempts are numbered anew', async () => {
    const { a, b, first, second, item, contactId, opportunityId } = await sameCall()
    const later = { direction: 'outbound', entity_type: 'contacts', entity_id: contactId }
    const { body: third } = await service.request('POST', '/api/crm/calls', later)
    expect([first, second, third].map(({ attempt }) => attempt.number)).toEqual([1, 2, 3])
    // A person's word on the other one counts more than a machine's; a machine's later event more than an earlier one.
    await service.request('PATCH', `/api/crm/calls/${second.id}`, { resumen_llamada: 'Llamar luego', extension: '202' })

    expect((await decide(item.id, { action: 'link', call_id: first.id })).status).toBe(200)
    expect(await callOf(b)).toBeNull()
    const call = await callOf(a)
    expect(call).toMatchObject({
      call_status: 'busy',
      duration_seconds: 42,
      extension: '202',
      resumen_llamada: 'Llamar luego',
      recordings: second.recordings,
      attempt: { outcome: 'registered', opportunity_id: opportunityId, number: 1, status: 'orange' },
    })
    expect(Object.values(await attemptsOf(opportunityId))).toMatchObject([
      { call_id: first.id, notes: 'Llamar luego' },
      { call_id: third.id },
    ])
    // Deleted stays deleted (B5), and the recording is the other call's now.
    const { number } = { number: call.phone_number as string }
    await notify(outEnd(b, number, 'answered'))
    expect([await callOf(b), await callOf(a)]).toEqual([null, call])
  })

  it('keep what a person said of the one that stays', async () => {
    const { a, first, second, item } = await sameCall()
    await service.request('PATCH', `/api/crm/calls/${first.id}`, { call_status: 'rejected', extension: '101' })
    await service.request('PATCH', `/api/crm/calls/${second.id}`, { extension: '202' })
    await decide(item.id, { action: 'link', call_id: first.id })
    expect(await callOf(a)).toMatchObject({ call_status: 'rejected', extension: '101', attempt: { status: 'red' } })
  })

  it('are one though the one that stays was turned away by the other (B6)', async () => {
    const number = newNumber()
    const { opportunityId } = await door.lead(service, number)
    const [a, b] = [outId(), outId()]
    await notify(outEnd(a, number, 'answered'))
    await notify(outEnd(b, number, 'answered'))
    const [first, second] = [await callOf(a), await callOf(b)]
    expect(second.attempt.outcome).toBe('first_call_completed')
    const item = await itemOf(second.id)
    expect((await decide(item.id, { action: 'link', call_id: second.id })).status).toBe(200)
    expect(await callOf(a)).toBeNull()
    expect(await callOf(b)).toMatchObject({ attempt: { outcome: 'registered', number: 1, status: 'green' } })
    expect(Object.values(await attemptsOf(opportunityId))).toMatchObject([{ call_id: second.id }])
    expect(first.attempt.number).toBe(1)
  })

  it('both stay where that is dismissed', async () => {
    const { a, b, first, second, item, number } = await sameCall()
    expect((await decide(item.id, { action: 'dismiss' })).status).toBe(200)
    expect([await callOf(a), await callOf(b)]).toEqual([first, second])
    // It is not asked again.
    await notify(outEnd(a, number, 'busy'))
    expect(await door.doubtsOf(service, first.id)).toEqual([])
  })

  it('of which one was deleted can be dismissed only', async () => {
    const { a, first, second, item } = await sameCall()
    await service.request('DELETE', `/api/crm/calls/${second.id}`)
    for (const call_id of [first.id, second.id]) {
      expect((await decide(item.id, { action: 'link', call_id })).status).toBe(409)
    }
    expect((await decide(item.id, { action: 'dismiss' })).status).toBe(200)
    expect(await callOf(a)).toEqual(first)
  })
})

describe('several deciders at the same moment', () => {
  it('are one: the others learn what was decided, and the call is as decided', async () => {
    const another = await createTestService(database)
    for (let round = 0; round < 3; round++) {
      const { id, item, first, last } = await doubtfulLink()
      const answers = [
        { action: 'link', contact_id: first },
        { action: 'link', contact_id: last },
        { action: 'link', contact_id: first },
        { action: 'dismiss' },
      ]
      const results = await Promise.all(
        answers.map((answer, place) => decide(item.id, answer, place % 2 === 0 ? service : another)),
      )
      const [row] = await service.sql('select decision from review_items where id = $1', [item.id])
      const isDecided = (answer: { action: string; contact_id?: string }) =>
        answer.action === row?.decision.action && (answer.contact_id ?? null) === row?.decision.contact_id
      expect(results.map(({ status }) => status)).toEqual(answers.map((answer) => (isDecided(answer) ? 200 : 409)))
      expect((await callOf(id)).entity_id).toBe(row?.decision.contact_id ?? last)
    }
    await another.close()
  })

  it('never withdraw both of two calls', async () => {
    const another = await createTestService(database)
    for (let round = 0; round < 3; round++) {
      const { a, b, first, second, item, opportunityId } = await sameCall()
      const [one, two] = await Promise.all([
        decide(item.id, { action: 'link', call_id: first.id }),
        decide(item.id, { action: 'link', call_id: second.id }, another),
      ])
      expect([one.status, two.status].sort()).toEqual([200, 409])
      const left = [await callOf(a), await callOf(b)].filter((call) => call !== null)
      expect(left).toMatchObject([{ id: one.status === 200 ? first.id : second.id, attempt: { number: 1 } }])
      expect(Object.keys(await attemptsOf(opportunityId))).toEqual(['1'])
    }
    await another.close()
  })

  /** A server between whose reading and writing something happens, once. */
  async function interrupted(happen: () => Promise<unknown>) {
    let isDue = true
    return createTestService({
      ...database,
      wrapRun: (run) => async (name, text, values) => {
        if (isDue && name.startsWith('write_')) {
          isDue = false
          await happen()
        }
        return run(name, text, values)
      },
    })
  }

  it('find out though they have read before, where nothing of the calls changes', async () => {
    const { item, a, first } = await sameCall()
    const late = await interrupted(() => decide(item.id, { action: 'dismiss' }))
    const refused = await decide(item.id, { action: 'dismiss', reason: 'late' }, late)
    expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining('decided already: dismiss,')])
    expect(await callOf(a)).toEqual(first)
    await late.close()
  })

  it('find out that the call which is to stay was deleted, though it would have stayed as it is', async () => {
    const number = newNumber()
    const [a, b] = [outId(), outId()]
    for (const id of [a, b]) await notify(outEnd(id, number, 'busy'))
    const [first, second] = [await callOf(a), await callOf(b)]
    const item = await itemOf(second.id)
    const late = await interrupted(() => service.request('DELETE', `/api/crm/calls/${first.id}`))
    expect((await decide(item.id, { action: 'link', call_id: first.id }, late)).status).toBe(409)
    expect([await callOf(a), await callOf(b)]).toEqual([null, second])
    expect(await itemOf(second.id)).toEqual(item)
    await late.close()
  })

  it('find their own work where the answer of the database was lost', async () => {
    const { item, first, id } = await doubtfulLink()
    let isLost = false
    const unlucky = await createTestService({
      ...database,
      wrapRun: (run) => async (name, text, values) => {
        const rows = await run<never>(name, text, values)
        if (isLost || !name.startsWith('write_')) return rows
        isLost = true
        throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
      },
    })
    const { status, body } = await decide(item.id, { action: 'link', contact_id: first }, unlucky)
    expect([isLost, status, body.decision.contact_id]).toEqual([true, 200, first])
    const [row] = await service.sql('select decision from review_items where id = $1', [item.id])
    expect(row?.decision).toEqual(body.decision)
    expect(await callOf(id)).toMatchObject({ entity_id: first })
    await unlucky.close()
  })

  it('leave everything as it was where the database does not take it', async () => {
    const { item, first, id, call } = await doubtfulLink()
    const broken = await createTestService({
      ...database,
      wrapRun: (run) => async (name, text, values) => {
        if (name.startsWith('write_')) throw Object.assign(new Error('the function failed'), { code: 'P0001' })
        return run(name, text, values)
      },
    })
    expect((await decide(item.id, { action: 'link', contact_id: first }, broken)).status).toBe(503)
    expect([await itemOf(call.id), await callOf(id)]).toEqual([item, call])
    expect((await decide(item.id, { action: 'link', contact_id: first })).status).toBe(200)
    await broken.close()
  })
})
