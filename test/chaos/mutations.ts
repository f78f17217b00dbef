import { isAcknowledged } from './recorder.ts'
import { attempts, byOutcome, numbered, some, untouched, type World, withAttempts } from './world.ts'

/** What can be wrong after a run, how it is made so, and by what sentence it has to be found. */
export const MUTATIONS: [string, (world: World) => void, RegExp][] = [
  [
    'a lost call',
    (world) => world.calls.splice(world.calls.indexOf(untouched(world)), 1),
    /is lost|attempt of no call/,
  ],
  [
    'a lost call that was no attempt',
    (world) => world.calls.splice(world.calls.indexOf(byOutcome(world, 'not_outbound')), 1),
    /acknowledged call .* is lost/,
  ],
  ['a lost opportunity', (world) => world.opportunities.pop(), /acknowledged opportunity .* is lost/],
  [
    'a call that nobody told of',
    (world) => world.calls.push({ ...untouched(world), id: 'x', extension: 'x' }),
    /nobody told/,
  ],
  ['a call twice', (world) => world.calls.push({ ...untouched(world), id: 'another' }), /is there 2 times/],
  [
    'a deleted call that is there',
    (world) => {
      const deleted = some(world.exchanges, ({ method, status }) => method === 'DELETE' && status === 204)
      const id = deleted.path.split('/').at(-1)
      const shown = some(world.exchanges, ({ answer, status }) => isAcknowledged({ status }) && answer?.id === id)
      world.calls.push(shown.answer as never)
    },
    /B5: the deleted call/,
  ],
  [
    'a provider key with two ids',
    (world) => {
      const repeated = some(
        world.exchanges,
        ({ method, body, status }) => method === 'POST' && body.provider === 'pbx' && status === 200,
      )
      repeated.answer = { ...repeated.answer, id: 'another' }
    },
    /several ids/,
  ],
  ...(['call_status', 'entity_id', 'direction', 'resumen_llamada', 'started_at'] as const).map(
    (field): (typeof MUTATIONS)[number] => [
      `another ${field}`,
      (world) =>
        Object.assign(untouched(world), { [field]: field === 'started_at' ? '2020-01-01T00:00:00Z' : 'other' }),
      new RegExp(`${field} of the call`),
    ],
  ),
  [
    'an acknowledged change that is gone',
    (world) => {
      const changed = some(
        world.exchanges,
        ({ method, body, status, answer }) =>
          method === 'PATCH' &&
          status === 200 &&
          'resumen_llamada' in body &&
          world.calls.some(({ id, revision }) => id === answer?.id && revision === answer?.revision),
      )
      some(world.calls, ({ id }) => id === changed.answer?.id).resumen_llamada = 'as it never was'
    },
    /resumen_llamada of the call/,
  ],
  [
    'a revision that went back',
    (world) => {
      const call = some(world.calls, ({ id, revision }) =>
        world.exchanges.some(({ answer }) => revision > 1 && answer?.id === id && answer.revision === revision),
      )
      call.revision--
    },
    /B14/,
  ],
  [
    'a creation by another clock',
    (world) => Object.assign(untouched(world), { created_at: '2026-01-01T00:00:00Z' }),
    /B4/,
  ],
  ['a pending call', (world) => Object.assign(untouched(world).attempt, { outcome: 'pending' }), /still pending/],
  [
    'a registered call without attempt',
    (world) => {
      const one = withAttempts(world, 3)
      one.first_call_attempts = numbered(attempts(one).slice(0, -1))
    },
    /no attempt/,
  ],
  [
    'an attempt that says otherwise',
    (world) => Object.assign(untouched(world).attempt, { outcome: 'limit_reached' }),
    /and is an attempt/,
  ],
  ['another number', (world) => Object.assign(untouched(world).attempt, { number: 5.5 }), /is not attempt/],
  [
    'another opportunity',
    (world) => Object.assign(untouched(world).attempt, { opportunity_id: 'another' }),
    /names another/,
  ],
  [
    'one call, two attempts',
    (world) => {
      const one = some(world.opportunities, (opportunity) => attempts(opportunity).length === 2)
      one.first_call_attempts = numbered([...attempts(one), ...attempts(one).slice(-1)])
    },
    /is 2 attempts/,
  ],
  [
    'one call, an attempt in two opportunities',
    (world) => {
      const [first] = attempts(withAttempts(world, 1))
      const isOther = (one: World['opportunities'][number]) =>
        attempts(one).every(({ call_id }) => call_id !== first?.call_id)
      const other = some(world.opportunities, isOther)
      if (first !== undefined) other.first_call_attempts = numbered([first, ...attempts(other)])
    },
    /is 2 attempts/,
  ],
  [
    'six attempts',
    (world) => {
      const one = withAttempts(world, 5)
      one.first_call_attempts = numbered([...attempts(one), ...attempts(one).slice(0, 1)])
    },
    /has 6 attempts/,
  ],
  [
    'a gap',
    (world) => {
      const one = withAttempts(world, 2)
      one.first_call_attempts = Object.fromEntries(attempts(one).map((attempt, place) => [String(place + 2), attempt]))
    },
    /has the numbers/,
  ],
  [
    'a wrong order',
    (world) => {
      const one = withAttempts(world, 3)
      one.first_call_attempts = numbered(attempts(one).toReversed())
    },
    /wrong order/,
  ],
  ['a wrong colour', (world) => repaint(world), /\(A3\)/],
  [
    'another time',
    (world) => Object.assign(firstAttempt(world), { attempted_at: '2026-03-02T00:00:00Z' }),
    /another time/,
  ],
  ['a time with zeros', (world) => zeros(world), /writes the time/],
  ['other notes', (world) => Object.assign(firstAttempt(world), { notes: 'nobody said this' }), /other notes/],
  ['a field too many', (world) => Object.assign(firstAttempt(world), { colour: 'green' }), /four fields/],
  ['an attempt of no call', (world) => Object.assign(firstAttempt(world), { call_id: 'nobody' }), /of no call/],
  ['completed without green', (world) => flip(world, false), /about being completed/],
  ['green and not completed', (world) => flip(world, true), /about being completed/],
  [
    'a later successful attempt',
    (world) =>
      Object.assign(
        some(world.opportunities, (one) => one.first_call_completed),
        { first_call_successful_attempt: 6 },
      ),
    /successful attempt/,
  ],
  [
    'another last time',
    (world) => Object.assign(withAttempts(world, 2), { last_contact_attempt_at: '2020-01-01T00:00:00Z' }),
    /last tried/,
  ],
  [
    'a status that nobody set',
    (world) => Object.assign(withAttempts(world, 1), { status: 'qualified' }),
    /a person said/,
  ],
  [
    'a call turned away where there is room',
    (world) => {
      const call = byOutcome(world, 'limit_reached')
      const by = some(world.opportunities, ({ id }) => id === call.attempt.opportunity_id)
      Object.assign(by, { status: 'contacted', first_call_completed: false, first_call_attempts: {} })
    },
    /has room/,
  ],
  [
    'no opportunity where there is one',
    (world) => noPlace(world, 'no_open_opportunity'),
    /which was active|says no_open/,
  ],
  ['an unknown contact that is known', (world) => noPlace(world, 'unknown_contact'), /says unknown_contact/],
  [
    'an inbound attempt',
    (world) => Object.assign(byOutcome(world, 'not_outbound').attempt, { outcome: 'no_open_opportunity' }),
    /not outbound/,
  ],
  [
    'an unlinked call',
    (world) => Object.assign(byOutcome(world, 'not_a_contact').attempt, { outcome: 'unknown_contact' }),
    /no contact/,
  ],
  [
    'an eligible call that is said not to be',
    (world) => Object.assign(untouched(world).attempt, { outcome: 'not_outbound' }),
    /is eligible/,
  ],
  [
    'an answer of 500',
    (world) => Object.assign(some(world.exchanges, isAcknowledged), { status: 500 }),
    /was answered 500/,
  ],
  [
    '503 without Retry-After',
    (world) => Object.assign(some(world.exchanges, isAcknowledged), { status: 503, retryAfter: null }),
    /without Retry-After/,
  ],
  [
    'a deadlock that is shown',
    (world) => Object.assign(some(world.exchanges, isAcknowledged), { answer: { detail: 'deadlock detected' } }),
    /shows a fault/,
  ],
  [
    'a call that is denied after it was acknowledged',
    (world) => {
      const { id } = untouched(world)
      const last = some(world.exchanges.toReversed(), isAcknowledged)
      world.exchanges.push({
        ...last,
        method: 'GET',
        path: `/api/crm/calls/${id}`,
        status: 404,
        answer: null,
        sentAt: Infinity,
      })
    },
    /and then answered 404/,
  ],
  ['a call that was taken after a green one', (world) => takeAfterGreen(world), /although it was completed/],
]

const firstAttempt = (world: World) => {
  const call = untouched(world)
  const holder = some(world.opportunities, ({ id }) => id === call.attempt.opportunity_id)
  return some(attempts(holder), ({ call_id }) => call_id === call.id)
}

function repaint(world: World): void {
  const attempt = firstAttempt(world)
  attempt.status = attempt.status === 'green' ? 'orange' : 'green'
}

function zeros(world: World): void {
  const attempt = firstAttempt(world)
  attempt.attempted_at = attempt.attempted_at.replace('Z', '.000Z')
}

function flip(world: World, isCompleted: boolean): void {
  const one = some(world.opportunities, ({ first_call_completed }) => first_call_completed === isCompleted)
  one.first_call_completed = !isCompleted
}

/** A call of an opportunity that was never closed is let go. */
function noPlace(world: World, outcome: 'no_open_opportunity' | 'unknown_contact'): void {
  const wasClosed = (id: string | null) =>
    world.exchanges.some(({ path, body }) => path.endsWith(`/opportunities/${id}`) && 'status' in body)
  const call = some(
    world.calls,
    ({ attempt, revision }) => attempt.outcome === 'registered' && revision === 1 && !wasClosed(attempt.opportunity_id),
  )
  const holder = some(world.opportunities, ({ id }) => id === call.attempt.opportunity_id)
  holder.first_call_attempts = numbered(attempts(holder).filter(({ call_id }) => call_id !== call.id))
  call.attempt = { outcome, opportunity_id: null, number: null, status: null }
}

/** The last of a completed opportunity's attempts is said to have been told of long afterwards. */
function takeAfterGreen(world: World): void {
  const ofCall = (id: string) => world.exchanges.filter(({ answer, body }) => answer?.id === id || body.id === id)
  const isTold = (one: World['opportunities'][number]): boolean => {
    const green = some(attempts(one), ({ status }) => status === 'green')
    const [told, ...others] = ofCall(green.call_id)
    const shown = told?.answer?.attempt as { outcome?: string } | undefined
    return others.length === 0 && shown?.outcome === 'registered' && attempts(one).length > 1
  }
  const one = some(world.opportunities, (opportunity) => opportunity.first_call_completed && isTold(opportunity))
  const other = some(attempts(one), ({ status }) => status !== 'green')
  for (const exchange of ofCall(other.call_id)) Object.assign(exchange, { sentAt: 1e15, answeredAt: 1e15 + 1 })
}
