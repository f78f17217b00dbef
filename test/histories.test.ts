import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Run, runOn } from '../src/attempts/read.ts'
import { Register } from '../src/attempts/register.ts'
import { createCall, type NewCall, retryCall } from '../src/calls/save.ts'
import { differencesFromAudit } from './audit-fold.ts'
import { expectLikeModel } from './compare.ts'
import { tellFigures } from './figures.ts'
import { syncAll } from './history.ts'
import { type Colour, Model, type ModelCallFields, type ModelNewCall } from './model.ts'
import { createTestDatabase, createTestService, SOMEBODY, type TestDatabase, type TestService } from './service.ts'

/* R9: random histories, on the real service and on a naive model that knows only the rules. */

/** Many more by `.ci/run` and `npm run chaos`. */
const RUNS = Number(process.env.R9_RUNS ?? 100)
const AT_ONCE = 32
/** Printed, so that a failure can be seen again. */
const SEED = Number(process.env.R9_SEED ?? Date.now() % 2 ** 31)
const START = Date.parse('2025-01-29T10:00:00Z')

let database: TestDatabase
let service: TestService
/** Contacts and calls of which nothing can be read that a decision rests on: the call has to be saved without (A9). */
const unreadable = new Set<string>()

const failing =
  (run: Run): Run =>
  (name, text, values) =>
    (name.startsWith('read_new') || name === 'read_all') && values.flat().some((value) => unreadable.has(String(value)))
      ? Promise.reject(new Error('injected: the opportunities cannot be read'))
      : run(name, text, values)

beforeAll(async () => {
  database = await createTestDatabase()
  // On a busy machine no call is to be saved without its attempt because of the time alone: the model has no clock.
  const times = { registerWithin: 30_000, answerWithin: 60_000 }
  service = await createTestService({ ...database, wrapRun: failing, times })
})

afterAll(async () => {
  await service.close()
  await database.drop()
})

const contact = fc.integer({ min: 0, max: 2 })
const minute = fc.integer({ min: 0, max: 8 })
const status = fc.constantFrom('completed', 'Answered ', 'rejected', 'failed', 'no_answer', 'busy', 'ringing', null)
const opportunityStatus = fc.constantFrom('pending', 'assigned', 'contacted', 'qualified', 'won', 'lost', 'Negociación')
const notes = fc.constantFrom('No contestó', 'Llamar mañana', ' ', null)
const direction = fc.constantFrom('outbound', 'outbound', 'outbound', 'outbound', 'inbound', 'internal')
const entityType = fc.constantFrom('contacts', 'contacts', 'contacts', 'contacts', 'companies', null)
const place = fc.integer({ min: 0, max: 11 })

const newCall = fc.record({
  contact: fc.option(contact, { freq: 8 }),
  entity_type: entityType,
  direction,
  call_status: status,
  resumen_llamada: notes,
  call_result: notes,
  started: fc.option(minute, { freq: 4 }),
  created: minute,
  key: fc.option(fc.integer({ min: 0, max: 3 }), { freq: 1 }),
  isIdSent: fc.boolean(),
})

const changes = fc.record(
  {
    contact,
    entity_type: entityType,
    direction,
    call_status: status,
    resumen_llamada: notes,
    started: fc.option(minute),
  },
  { requiredKeys: [] },
)

const harmlessChanges = fc.record(
  { call_status: status, resumen_llamada: notes, started: fc.option(minute) },
  { requiredKeys: [] },
)

const crash = fc.constantFrom('before it reads', 'before it writes', 'after it has written')

const olderAttempt = fc.record({
  status: fc.constantFrom('green', 'orange', 'orange', 'red'),
  call: fc.oneof(fc.record({ foreign: fc.integer({ min: 0, max: 5 }) }), fc.record({ ours: place })),
  minute,
})

const command = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('create'), call: newCall, fails: fc.constant(false) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('create'), call: newCall, fails: fc.constant(true) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('batch'), calls: fc.array(newCall, { minLength: 1, maxLength: 4 }) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('patch'), place, changes, fails: fc.constant(false) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('patch'), place, changes: harmlessChanges, fails: fc.constant(true) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete'), place }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('opportunity'),
      contact,
      created: minute,
      status: opportunityStatus,
      attempts: fc.oneof(
        { weight: 3, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(olderAttempt, { maxLength: 6 }) },
      ),
      completed: fc.constantFrom(undefined, undefined, true, false),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('status'), place, status: opportunityStatus }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete opportunity'), place }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('contact'), contact }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete contact'), contact }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash'), call: newCall, when: crash }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep') }) },
  {
    weight: 3,
    arbitrary: fc.record(
      {
        kind: fc.constant('sync'),
        from: minute,
        to: minute,
        before: fc.boolean(),
        batch: fc.integer({ min: 1, max: 4 }),
      },
      { requiredKeys: ['kind', 'before', 'batch'] },
    ),
  },
)

type Command = typeof command extends fc.Arbitrary<infer Type> ? Type : never
type GivenCall = typeof newCall extends fc.Arbitrary<infer Type> ? Type : never

interface PreparedCall {
  id: string
  isIdSent: boolean
  asked: NewCall
  sent: Record<string, string | null>
  known: Omit<ModelNewCall, 'id'>
}

const at = (minutes: number): number => START + minutes * 60_000
const iso = (moment: number): string => new Date(moment).toISOString()

/** One history, on both sides at once. */
class History {
  readonly model = new Model()
  readonly name = randomUUID()
  readonly contactIds = [randomUUID(), randomUUID(), randomUUID()]
  readonly callIds: string[] = []
  readonly opportunityIds: string[] = []

  async play(commands: readonly Command[]): Promise<void> {
    await service.request('POST', '/api/crm/opportunities', {
      id: this.#nextOpportunity(),
      contact_id: this.contactIds[0],
      created_at: iso(at(0)),
    })
    this.model.createOpportunity({ id: this.opportunityIds[0] ?? '', contact_id: this.#contact(0), created_at: at(0) })
    for (const one of commands) await this.#do(one)
    await this.#sweep()
    await expectLikeModel(service, this.model, this)
  }

  async #do(one: Command): Promise<void> {
    switch (one.kind) {
      case 'create':
        return this.#create(one.call, one.fails)
      case 'batch': {
        const calls = one.calls.map((call) => this.#newCall({ ...call, key: null, isIdSent: true }))
        const { body } = await service.request('POST', '/api/crm/calls/batch', {
          calls: calls.map((call) => call.sent),
        })
        const statuses = calls.map((call) => this.#inModel(call, false))
        expect(body.results.map((result: { status: number }) => result.status)).toEqual(statuses)
        return
      }
      case 'patch':
        return this.#patch(one.place, one.changes, one.fails)
      case 'delete': {
        const id = this.callIds[one.place] ?? randomUUID()
        const { status } = await service.request('DELETE', `/api/crm/calls/${id}`)
        expect(status).toBe(this.model.deleteCall(id) === 'deleted' ? 204 : 404)
        return
      }
      case 'opportunity':
        return this.#opportunity(one)
      case 'status': {
        const id = this.opportunityIds[one.place] ?? randomUUID()
        const { status } = await service.request('PATCH', `/api/crm/opportunities/${id}`, { status: one.status })
        expect(status).toBe(this.model.patchOpportunity(id, { status: one.status }) === 'updated' ? 200 : 404)
        return
      }
      case 'delete opportunity': {
        const id = this.opportunityIds[one.place] ?? randomUUID()
        const { status } = await service.request('DELETE', `/api/crm/opportunities/${id}`)
        expect(status).toBe({ deleted: 204, not_found: 404, conflict: 409 }[this.model.deleteOpportunity(id)])
        return
      }
      case 'contact': {
        const id = this.#contact(one.contact)
        const { status } = await service.request('POST', '/api/crm/contacts', { id, name: 'Ana' })
        expect([201, 409]).toContain(status)
        if (status === 201) this.model.createContact(id)
        return
      }
      case 'delete contact': {
        const id = this.#contact(one.contact)
        const { status } = await service.request('DELETE', `/api/crm/contacts/${id}`)
        expect(status).toBe({ deleted: 204, not_found: 404, conflict: 409 }[this.model.deleteContact(id)])
        return
      }
      case 'crash':
        return this.#crash(one.call, one.when)
      case 'sync':
        return this.#sync(one)
      default:
        return this.#sweep()
    }
  }

  /** Of this history's contacts, one after the other: the others play at the same time. */
  async #sync({ from, to, before, batch }: Extract<Command, { kind: 'sync' }>): Promise<void> {
    for (const contactId of this.contactIds.toSorted()) {
      const period = { ...(from === undefined ? {} : { from: at(from) }), ...(to === undefined ? {} : { to: at(to) }) }
      const options = { ...period, contactId, beforeOpportunity: before, isDryRun: false, batch }
      const pending = this.model.pendingCallsOf([contactId]).length
      const expected = this.model.syncHistory({ ...period, contact_id: contactId, before_opportunity: before })
      const counts = await syncAll(service.database, options)
      if (pending === 0) expect(counts).toEqual({ ...expected, failed: 0 })
      // One that is turned away by a chunk is seen by the next one.
      else {
        expect(counts).toMatchObject({ registered: expected.registered, failed: 0 })
        expect(counts.seen).toBeGreaterThanOrEqual(expected.seen)
        expect(counts.seen).toBeLessThanOrEqual(expected.seen + pending)
      }
    }
  }

  async #create(given: GivenCall, fails: boolean): Promise<void> {
    const call = this.#newCall(given)
    // Whether a repeated call gives an attempt back is told by its own tests.
    const isFailingNow = fails && given.key === null
    const { status, body } = await this.#withFault(isFailingNow ? (call.sent.entity_id ?? '') : '', () =>
      service.request('POST', '/api/crm/calls', call.sent),
    )
    if (status === 201 && body.id !== call.id) this.callIds[this.callIds.indexOf(call.id)] = body.id
    expect(status).toBe(this.#inModel({ ...call, id: status === 201 ? body.id : call.id }, isFailingNow))
  }

  /** A server dies over a call, and the client sends it again to another one. */
  async #crash(given: GivenCall, when: string): Promise<void> {
    const call = this.#newCall({ ...given, key: given.key ?? 0, isIdSent: true })
    const run = runOn(service.database.calls, false)
    let hasWritten = false
    let isDead = (): void => undefined
    const died = new Promise<void>((resolve) => {
      isDead = resolve
    })
    const die = (): Promise<never> => {
      isDead()
      return new Promise(() => undefined)
    }
    const dying: Run = async (name, text, values) => {
      const isWriting = name.startsWith('write')
      if (when === (isWriting ? 'before it writes' : 'before it reads')) return die()
      const rows = await run(name, text, values)
      hasWritten ||= isWriting
      return when === 'after it has written' && isWriting ? die() : (rows as never)
    }
    const register = new Register(dying, { onBatch() {}, onRetry() {}, onNotRegistered() {} })
    // Where there is nothing to write, it answers before it dies.
    await Promise.race([died, register.registerCallAttempt(createCall(call.asked, SOMEBODY)).catch(() => undefined)])
    if (hasWritten) this.#inModel(call, false)
    const { status } = await service.request('POST', '/api/crm/calls', call.sent)
    expect(status).toBe(this.#inModel(call, false))
  }

  async #withFault<Result>(id: string, run: () => Promise<Result>): Promise<Result> {
    if (id !== '') unreadable.add(id)
    try {
      return await run()
    } finally {
      unreadable.delete(id)
    }
  }

  #newCall(given: GivenCall): PreparedCall {
    const id = randomUUID()
    this.callIds.push(id)
    const fields = {
      entity_type: given.entity_type,
      entity_id: given.contact === null ? null : this.#contact(given.contact),
      direction: given.direction as ModelCallFields['direction'],
      call_status: given.call_status,
      call_result: given.call_result,
      resumen_llamada: given.resumen_llamada,
    }
    const key = given.key === null ? {} : { provider: 'pbx', provider_call_id: `${this.name}/${given.key}` }
    const startedAt = given.started === null ? null : at(given.started)
    const sent = {
      ...(given.isIdSent ? { id } : {}),
      ...fields,
      ...key,
      started_at: startedAt === null ? null : iso(startedAt),
      created_at: iso(at(given.created)),
    }
    return {
      id,
      asked: {
        id,
        isIdGiven: given.isIdSent,
        provider: null,
        provider_call_id: null,
        ...key,
        created_at: at(given.created),
        fields: { ...fields, started_at: startedAt },
      },
      sent,
      isIdSent: given.isIdSent,
      known: { ...fields, ...key, started_at: startedAt, created_at: at(given.created) },
    }
  }

  #inModel(call: PreparedCall, fails: boolean): number {
    const options = { registeringFails: fails, idWasSent: call.isIdSent }
    const { result } = this.model.createCall({ id: call.id, ...call.known }, options)
    return { created: 201, existing: 200, conflict: 409, unavailable: 503 }[result]
  }

  async #patch(place: number, given: Partial<GivenCall>, fails: boolean): Promise<void> {
    const id = this.callIds[place] ?? randomUUID()
    const { contact: contactPlace, started, ...rest } = given
    const known: Partial<ModelCallFields> = {
      ...(rest as Partial<ModelCallFields>),
      ...(contactPlace == null ? {} : { entity_id: this.#contact(contactPlace) }),
      ...(started === undefined ? {} : { started_at: started === null ? null : at(started) }),
    }
    const sent = { ...known, ...(known.started_at == null ? {} : { started_at: iso(known.started_at) }) }
    const { status } = await this.#withFault(fails ? id : '', () =>
      service.request(fails ? 'PUT' : 'PATCH', `/api/crm/calls/${id}`, sent),
    )
    const expected = this.model.updateCall(id, known, { registeringFails: fails })
    expect(status).toBe({ updated: 200, not_found: 404, unavailable: 503 }[expected])
  }

  async #opportunity(given: Extract<Command, { kind: 'opportunity' }>): Promise<void> {
    const {
      created,
      status,
      attempts = [],
      completed,
    } = given as {
      created: number
      status: string
      attempts: { status: string; call: { foreign?: number; ours?: number }; minute: number }[]
      completed: boolean | undefined
    }
    const id = this.#nextOpportunity()
    const contact_id = this.#contact((given as { contact: number }).contact)
    const known = attempts.slice(0, 5).map((attempt) => ({
      status: attempt.status as Colour,
      call_id: this.callIds[attempt.call.ours ?? -1] ?? `${this.name}/${attempt.call.foreign ?? attempt.call.ours}`,
      attempted_at: at(attempt.minute),
      notes: '',
    }))
    const numbered = <Value>(values: Value[]): Record<string, Value> =>
      Object.fromEntries(values.map((value, index) => [String(index + 1), value]))
    const rest = { id, contact_id, status, ...(completed === undefined ? {} : { first_call_completed: completed }) }
    const answer = await service.request('POST', '/api/crm/opportunities', {
      ...rest,
      created_at: iso(at(created)),
      first_call_attempts: numbered(known.map((attempt) => ({ ...attempt, attempted_at: iso(attempt.attempted_at) }))),
    })
    const expected = this.model.createOpportunity({
      ...rest,
      created_at: at(created),
      first_call_attempts: numbered(known),
    })
    expect(answer.status).toBe(expected === 'created' ? 201 : 422)
  }

  /** As the sweep does, but for this history's calls alone: the others play at the same time. */
  async #sweep(): Promise<void> {
    const due = await service.sql<{ id: string }>(
      'select id from calls where due_at is not null and id = any($1) order by pending_since desc, id desc',
      [this.callIds],
    )
    for (const { id } of due) await service.register.registerCallAttempt(retryCall(id))
    this.model.sweep()
  }

  #contact(place: number): string {
    return this.contactIds[place] ?? ''
  }

  #nextOpportunity(): string {
    const id = randomUUID()
    this.opportunityIds.push(id)
    return id
  }
}

it(`R9: ${RUNS} random histories end as the naive model says`, async () => {
  process.stdout.write(`R9: seed ${SEED}\n`)
  const history = fc.oneof(
    { weight: 2, arbitrary: fc.array(command, { maxLength: 20, size: 'max' }) },
    { weight: 1, arbitrary: fc.array(command, { maxLength: 60, size: 'max' }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(history, { minLength: AT_ONCE, maxLength: AT_ONCE }), async (histories) => {
      const play = (commands: readonly Command[]): Promise<void> =>
        new History().play(commands).catch((cause: unknown) => {
          throw new Error(`this history differs: ${JSON.stringify(commands)}`, { cause })
        })
      await Promise.all(histories.map(play))
    }),
    { seed: SEED, numRuns: Math.ceil(RUNS / AT_ONCE), endOnFailure: true },
  )
  tellFigures('R9', `${RUNS} histories of at most 60 commands, no difference, seed ${SEED}`)
}, 600_000)

it('S10: the audit tells all histories from their beginning, and comes to what is stored', async () => {
  expect(await differencesFromAudit(service.sql)).toEqual([])
})

it('R4: after all histories calls and attempts contradict each other nowhere', async () => {
  const { body } = await service.request('GET', '/api/crm/coverage/contradictions')
  expect(body.data).toEqual([])
})
