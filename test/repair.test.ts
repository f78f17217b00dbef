import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runOn } from '../src/attempts/read.ts'
import type { Kind } from '../src/coverage/kinds.ts'
import { type Repaired, type RepairOptions, repair } from '../src/coverage/repair.ts'
import type { Attempt } from '../src/opportunities/opportunity.ts'
import {
  makeScene,
  minute,
  outbound,
  PATIENTLY,
  post,
  revisions,
  type Scene,
  stateOf,
  tamper,
} from './contradictions.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'

let database: TestDatabase
let service: TestService

beforeAll(async () => {
  database = await createTestDatabase()
  service = await createTestService({ ...database, times: PATIENTLY })
})

afterAll(async () => {
  await service.close()
  await database.drop()
})

const contradictions = async (): Promise<{ kind: Kind; call_id: string | null; opportunity_id: string | null }[]> =>
  (await service.request('GET', '/api/crm/coverage/contradictions?limit=200')).body.data

const repairing = (options: Partial<RepairOptions> = {}): AsyncGenerator<Repaired> =>
  repair({
    database: service.database,
    register: service.register,
    run: runOn(service.database.calls, false),
    isDryRun: false,
    withdrawsUnknown: false,
    signal: new AbortController().signal,
    ...options,
  })

async function repaired(options: Partial<RepairOptions> = {}): Promise<Repaired[]> {
  const all: Repaired[] = []
  for await (const one of repairing(options)) all.push(one)
  return all
}

const ghost = (at: number, call_id: string = randomUUID()): Attempt => ({
  status: 'orange',
  call_id,
  attempted_at: Date.parse(minute(at)),
  notes: '',
  call_created_at: Date.parse(minute(at)),
})

const change = (scene: Scene, changed: Partial<Attempt>) => () =>
  tamper(service, scene.opportunityId, ([first, ...rest]) => (first ? [{ ...first, ...changed }, ...rest] : []))

/** What is done behind the service's back to a scene; what it is then seen as; the state is to be the former one. */
const UNDONE: [string, Kind, (scene: Scene) => Promise<unknown>][] = [
  ['another colour', 'attempt_differs', (scene) => change(scene, { status: 'red' })()],
  ['another time', 'attempt_differs', (scene) => change(scene, { attempted_at: Date.parse(minute(0)) })()],
  ['other notes', 'attempt_differs', (scene) => change(scene, { notes: 'x' })()],
  ['another tie of order (B4)', 'attempt_differs', (scene) => change(scene, { call_created_at: 0 })()],
  [
    'an attempt taken away',
    'registered_without_attempt',
    (scene) => tamper(service, scene.opportunityId, ([, second]) => (second ? [second] : [])),
  ],
  [
    'an attempt taken away from an opportunity that is closed',
    'registered_without_attempt',
    async (scene) => {
      await service.sql(`update lead_opportunities set status = 'lost' where id = $1`, [scene.opportunityId])
      await tamper(service, scene.opportunityId, ([, second]) => (second ? [second] : []))
    },
  ],
  [
    'a call that another opportunity counts, too',
    'second_attempt',
    async ({ calls: [id] }) => {
      const other = await makeScene(service)
      await tamper(service, other.opportunityId, (attempts) => [...attempts, ghost(3, id)])
    },
  ],
  [
    'a call of another opportunity of the same contact, too',
    'second_attempt',
    async ({ contactId, calls: [id] }) => {
      const other = await post(service, '/api/crm/opportunities', { contact_id: contactId })
      await tamper(service, other.id, () => [ghost(3, id)])
    },
  ],
  [
    'a call marked as turned away',
    'attempt_of_unregistered_call',
    ({ calls: [id] }) => service.sql(`update calls set outcome = 'limit_reached' where id = $1`, [id]),
  ],
  [
    'an attempt of a call that was deleted',
    'attempt_of_deleted_call',
    async ({ contactId, opportunityId }) => {
      const { id } = await post(service, '/api/crm/calls', outbound(contactId, { started_at: minute(3) }))
      let held: Attempt | undefined
      await tamper(service, opportunityId, (attempts) => {
        held = attempts[2]
        return [...attempts]
      })
      expect((await service.request('DELETE', `/api/crm/calls/${id}`)).status).toBe(204)
      await tamper(service, opportunityId, (attempts) => [...attempts, held ?? ghost(3, id)])
    },
  ],
  [
    'a completed opportunity without anything green',
    'derived_fields_differ',
    async ({ opportunityId }) => {
      await service.sql('alter table lead_opportunities drop constraint if exists first_call_completed_follows')
      await service.sql('update lead_opportunities set first_call_completed = true where id = $1', [opportunityId])
    },
  ],
  [
    'an older system’s attempt that is none',
    'foreign_without_attempt',
    ({ opportunityId }) =>
      service.sql('insert into foreign_attempts (call_id, opportunity_id) values ($1, $2)', [
        randomUUID(),
        opportunityId,
      ]),
  ],
]

describe('a contradiction', () => {
  it.each(UNDONE)('by %s is %s, and mended', async (_, kind, tamperWith) => {
    const scene = await makeScene(service)
    const before = (await stateOf(service, scene)) as { status: string }[]
    await tamperWith(scene)
    expect((await contradictions()).map((one) => one.kind)).toEqual([kind])

    const written = await revisions(service)
    const told = await repaired({ isDryRun: true })
    expect(told.map(({ result }) => result)).toEqual(['mended'])
    expect(await revisions(service)).toBe(written)
    expect(await contradictions()).toHaveLength(1)

    const done = await repaired()
    expect(done).toEqual(told)
    expect(await contradictions()).toEqual([])
    const [opportunity, ...calls] = before
    const status = _.endsWith('closed') ? 'lost' : opportunity?.status
    expect(await stateOf(service, scene)).toEqual([{ ...opportunity, status }, ...calls])

    const mended = await revisions(service)
    expect(await repaired()).toEqual([])
    expect(await revisions(service)).toBe(mended)
  })

  it('of a call that went to another contact is mended as if a person had moved it', async () => {
    const [scene, other] = [await makeScene(service), await makeScene(service)]
    const [id, second] = scene.calls
    await service.sql('update calls set entity_id = $2 where id = $1', [id, other.contactId])
    expect(await contradictions()).toEqual([
      {
        kind: 'attempt_of_other_contact',
        call_id: id,
        opportunity_id: scene.opportunityId,
        detail: 'Attempt 1 is that of a call to another contact.',
      },
    ])
    const [done] = await repaired()
    expect(done).toMatchObject({
      result: 'mended',
      did: `withdrawn from opportunity ${scene.opportunityId}; registered as attempt 1, orange, of opportunity ${other.opportunityId}`,
    })
    const numbers = async ({ opportunityId }: Scene) => {
      const { body } = await service.request('GET', `/api/crm/opportunities/${opportunityId}`)
      return Object.values(body.first_call_attempts as Record<string, Attempt>).map(({ call_id }) => call_id)
    }
    expect(await numbers(scene)).toEqual([second])
    // Of two that began at the same time the one that was made first.
    expect(await numbers(other)).toEqual([id, ...other.calls])
    expect(await contradictions()).toEqual([])
  })

  it('of a call that is none that can be an attempt gives its attempt back', async () => {
    const scene = await makeScene(service)
    const [id] = scene.calls
    await service.sql(`update calls set direction = 'inbound' where id = $1`, [id])
    expect((await contradictions()).map(({ kind }) => kind)).toEqual(['attempt_of_ineligible_call'])
    expect((await repaired()).map(({ result }) => result)).toEqual(['mended'])
    const { body } = await service.request('GET', `/api/crm/calls/${id}`)
    expect(body.attempt).toEqual({ outcome: 'not_outbound', opportunity_id: null, number: null, status: null })
    expect(await contradictions()).toEqual([])
  })

  it.each([
    ['outbound', 'not_outbound', 'registered'],
    ['outbound', 'not_a_contact', 'registered'],
    ['inbound', 'no_open_opportunity', 'not_outbound'],
    ['internal', 'not_a_contact', 'not_outbound'],
  ])('of an %s call that is marked %s is mended: it is %s', async (direction, marked, outcome) => {
    const { contactId } = await makeScene(service)
    const { id } = await post(service, '/api/crm/calls', { ...outbound(contactId), direction: 'inbound' })
    await service.sql('update calls set direction = $2, outcome = $3 where id = $1', [id, direction, marked])
    expect((await contradictions()).map(({ kind }) => kind)).toEqual(['wrong_outcome'])
    await repaired()
    expect((await service.request('GET', `/api/crm/calls/${id}`)).body.attempt.outcome).toBe(outcome)
    expect(await contradictions()).toEqual([])
  })

  it('that leaves room lets in the call that was turned away for it (B6)', async () => {
    const scene = await makeScene(service)
    const { contactId } = scene
    for (const number of [3, 4, 5]) {
      await post(service, '/api/crm/calls', outbound(contactId, { started_at: minute(number) }))
    }
    const sixth = await post(service, '/api/crm/calls', outbound(contactId, { started_at: minute(6) }))
    await service.sql(`update calls set direction = 'inbound' where id = $1`, [scene.calls[0]])
    await repaired()
    const { body } = await service.request('GET', `/api/crm/calls/${sixth.id}`)
    expect(body.attempt).toMatchObject({ outcome: 'registered', number: 5 })
    expect(await contradictions()).toEqual([])
  })

  it.each(['01920f6e-7c1d-7a3b-8f00-1234567890ab', 'call 17 of the older system'])(
    'by an attempt of nobody knows which call, %s, is told, and mended where a person says so',
    async (callId) => {
      const scene = await makeScene(service)
      const before = await stateOf(service, scene)
      await tamper(service, scene.opportunityId, (attempts) => [...attempts, ghost(3, callId)])
      const written = await revisions(service)
      expect(await repaired()).toEqual([
        {
          kind: 'attempt_without_call',
          call_id: callId,
          opportunity_id: scene.opportunityId,
          detail: 'Attempt 3 is that of no call, and not known to come from an older system.',
          result: 'open',
          did: 'if this call took place, make it (POST /api/crm/calls with its id); if not, repair with --withdraw-unknown',
        },
      ])
      expect(await revisions(service)).toBe(written)
      expect((await repaired({ withdrawsUnknown: true })).map(({ result }) => result)).toEqual(['mended'])
      expect(await stateOf(service, scene)).toEqual(before)
      expect(await contradictions()).toEqual([])
    },
  )

  it('by an attempt without a call ends where the call is made', async () => {
    const scene = await makeScene(service)
    const id = randomUUID()
    await tamper(service, scene.opportunityId, (attempts) => [...attempts, ghost(3, id)])
    await post(service, '/api/crm/calls', { id, ...outbound(scene.contactId, { started_at: minute(3) }) })
    expect(await contradictions()).toEqual([])
  })
})

it('an older system’s attempts contradict nothing, nor does a call that waits', async () => {
  const attempt = { status: 'red', attempted_at: minute(1), notes: '' }
  const contact_id = randomUUID()
  await post(service, '/api/crm/opportunities', {
    contact_id,
    first_call_attempts: { 1: { ...attempt, call_id: 'old 1' }, 2: { ...attempt, call_id: randomUUID() } },
  })
  const { calls } = await makeScene(service)
  await service.sql(
    `update calls set outcome = 'pending', call_status = 'answered', pending_since = now() - interval '1 second',
       due_at = now() - interval '1 second', is_counted = true where id = $1`,
    [calls[0]],
  )
  expect(await contradictions()).toEqual([])
  await service.sweepOnce()
  expect(await contradictions()).toEqual([])
})

describe('a call that a person moves between the reading and the writing of its repair', () => {
  /** @returns the kinds of what still contradicts each other */
  async function raced(mutate: (text: string) => string): Promise<Kind[]> {
    const [scene, other] = [await makeScene(service), await makeScene(service)]
    await tamper(service, scene.opportunityId, ([, second]) => (second ? [second] : []))
    let isMoved = false
    const racing = await createTestService({
      ...database,
      times: PATIENTLY,
      wrapRun: (run) => async (name, text, values) => {
        if (!name.startsWith('write_')) return run(name, text, values)
        if (!isMoved) {
          isMoved = true
          const moved = { entity_id: other.contactId }
          expect((await service.request('PATCH', `/api/crm/calls/${scene.calls[0]}`, moved)).status).toBe(200)
        }
        return run(`${name}_mutant`, mutate(text), values)
      },
    })
    try {
      // No more than the first turn: the next one would mend what it left.
      for await (const _ of repairing({ register: racing.register })) break
    } finally {
      await racing.close()
    }
    expect(isMoved).toBe(true)
    const kinds = (await contradictions()).map(({ kind }) => kind)
    await repaired()
    expect(await contradictions()).toEqual([])
    return kinds
  }

  it('is where the person moved it, and nowhere else', async () => {
    expect(await raced((text) => text)).toEqual([])
  })

  it('control: without the check of revisions it is an attempt twice, or none', async () => {
    const unchecked = (text: string) =>
      text.replaceAll('(id, read_revision) not in (select id, revision from', 'id not in (select id from')
    expect(await raced(unchecked)).not.toEqual([])
  })
})

it('repairing beside live traffic harms nothing', async () => {
  const scenes = await Promise.all(Array.from({ length: 20 }, () => makeScene(service)))
  for (const { opportunityId } of scenes.slice(0, 10)) await tamper(service, opportunityId, () => [])
  expect(await contradictions()).toHaveLength(20)
  let isOver = false
  const answers: number[] = []
  const writers = Promise.all(
    scenes.map(async ({ contactId, calls }, place) => {
      const other = scenes[(place + 7) % scenes.length]
      while (!isOver) {
        const moved = { entity_id: other?.contactId }
        for (const [method, url, body] of [
          ['POST', '/api/crm/calls', outbound(contactId, { started_at: minute(4) })],
          ['PATCH', `/api/crm/calls/${calls[1]}`, moved],
          ['PATCH', `/api/crm/calls/${calls[1]}`, { entity_id: contactId }],
        ] as const) {
          answers.push((await service.request(method, url, body)).status)
        }
      }
    }),
  )
  const results = [...(await repaired()), ...(await repaired())]
  isOver = true
  await writers
  expect(results.filter(({ result }) => result === 'mended')).not.toHaveLength(0)
  await repaired()
  expect(new Set(answers)).toEqual(new Set([200, 201]))
  await service.sweepOnce()
  expect(await contradictions()).toEqual([])
  const overfull = await service.sql('select from lead_opportunities where attempts_made > 5')
  expect(overfull).toEqual([])
})
