import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Model, type ModelAttempt, type ModelCallFields, type ModelNewCall, type ModelNewOpportunity } from './model.ts'

const hour = (number: number): number => Date.UTC(2025, 0, 29) + number * 3_600_000

const outbound = { entity_type: 'contacts', entity_id: 'ana', direction: 'outbound' } as const

/** A model in which the contact `ana` has the opportunity `lead`. */
function anaWithLead(lead: Partial<ModelNewOpportunity> = {}): Model {
  const model = new Model()
  model.createContact('ana')
  model.createOpportunity({ id: 'lead', contact_id: 'ana', created_at: hour(0), ...lead })
  return model
}

/** An outbound call to `ana` at that hour. */
const callAt = (id: string, at: number, call_status: string | null = 'no_answer'): ModelNewCall => ({
  ...outbound,
  id,
  created_at: hour(at),
  call_status,
})

/** `count` calls to `ana`, `call-1` at one o'clock and so on. */
function withCalls(model: Model, count: number, call_status = 'no_answer'): Model {
  for (let at = 1; at <= count; at++) model.createCall(callAt(`call-${at}`, at, call_status))
  return model
}

const old = (call_id: string, at: number, status: ModelAttempt['status'] = 'orange'): ModelAttempt => ({
  status,
  call_id,
  attempted_at: hour(at),
  notes: 'brought',
})

/** As `1 orange call-1`, in order. */
const attemptsOf = (model: Model, id = 'lead'): string[] | undefined =>
  model.opportunity(id)?.attempts.map((attempt, place) => `${place + 1} ${attempt.status} ${attempt.call_id}`)

const outcomeOf = (model: Model, id: string): string | undefined => {
  const attempt = model.call(id)?.attempt
  return attempt && [attempt.outcome, attempt.opportunity_id].filter((word) => word !== null).join(' ')
}

test('case 1: a new call registers', () => {
  const model = anaWithLead()
  model.createCall({ ...callAt('call-1', 2), started_at: hour(1), resumen_llamada: 'No contestó' })
  expect(model.opportunity('lead')).toEqual({
    id: 'lead',
    contact_id: 'ana',
    status: 'contacted',
    created_at: hour(0),
    attempts: [{ status: 'orange', call_id: 'call-1', attempted_at: hour(1), notes: 'No contestó' }],
    first_call_completed: false,
    first_call_successful_attempt: null,
    last_contact_attempt_at: hour(1),
  })
  expect(model.call('call-1')).toEqual({
    ...outbound,
    id: 'call-1',
    provider: null,
    provider_call_id: null,
    created_at: hour(2),
    call_status: 'no_answer',
    call_result: null,
    resumen_llamada: 'No contestó',
    started_at: hour(1),
    attempt: { outcome: 'registered', opportunity_id: 'lead', number: 1, status: 'orange' },
  })
})

test('case 2: an updated call updates its attempt', () => {
  const model = withCalls(anaWithLead(), 1)
  model.updateCall('call-1', { call_status: 'rejected' })
  expect(attemptsOf(model)).toEqual(['1 red call-1'])
})

test('case 3: an inbound call registers nothing', () => {
  const model = anaWithLead()
  model.createCall({ ...callAt('call-1', 1), direction: 'inbound' })
  expect(model.opportunity('lead')).toMatchObject({ status: 'pending', attempts: [], last_contact_attempt_at: null })
  expect(outcomeOf(model, 'call-1')).toBe('not_outbound')
})

test('case 4: a sixth call registers nothing', () => {
  const model = withCalls(anaWithLead(), 6)
  expect(model.opportunity('lead')?.attempts).toHaveLength(5)
  expect(outcomeOf(model, 'call-6')).toBe('limit_reached lead')
})

test('case 5: a completed opportunity takes no more', () => {
  const model = withCalls(anaWithLead(), 2, 'answered')
  expect(attemptsOf(model)).toEqual(['1 green call-1'])
  expect(outcomeOf(model, 'call-2')).toBe('first_call_completed lead')
})

test('case 6: green completes', () => {
  const model = withCalls(anaWithLead(), 1)
  model.createCall(callAt('call-2', 2, ' Completed '))
  expect(model.opportunity('lead')).toMatchObject({ first_call_completed: true, first_call_successful_attempt: 2 })
})

test('case 7: several calls are numbered 1 to 5 in order', () => {
  const model = withCalls(anaWithLead(), 5)
  expect(attemptsOf(model)).toEqual([1, 2, 3, 4, 5].map((number) => `${number} orange call-${number}`))
})

test('A2: of several open opportunities the newest takes the call, on a tie the greatest id', () => {
  const model = anaWithLead()
  model.createOpportunity({ id: 'lead-b', contact_id: 'ana', created_at: hour(1) })
  model.createOpportunity({ id: 'lead-c', contact_id: 'ana', created_at: hour(1) })
  model.createOpportunity({ id: 'lead-d', contact_id: 'ana', created_at: hour(2), status: 'lost' })
  withCalls(model, 1)
  expect(outcomeOf(model, 'call-1')).toBe('registered lead-c')
})

test('A4: clearing the notes of a call leaves those of the attempt', () => {
  const model = anaWithLead()
  model.createCall({ ...callAt('call-1', 1), resumen_llamada: '  ', call_result: 'voicemail' })
  model.updateCall('call-1', { call_result: null, started_at: hour(3) })
  expect(model.opportunity('lead')?.attempts).toEqual([
    { status: 'orange', call_id: 'call-1', attempted_at: hour(3), notes: 'voicemail' },
  ])
})

test('A8: a status that a person sets stays until the next new attempt', () => {
  const model = withCalls(anaWithLead(), 1)
  model.patchOpportunity('lead', { status: 'pending' })
  model.updateCall('call-1', { call_status: 'busy' })
  expect(model.opportunity('lead')?.status).toBe('pending')
  withCalls(model, 2)
  expect(model.opportunity('lead')?.status).toBe('contacted')
  model.patchOpportunity('lead', { status: 'assigned' })
  withCalls(model, 3)
  expect(model.opportunity('lead')?.status).toBe('assigned')
})

test('B1: completed elsewhere stays completed without a green attempt, and takes nothing', () => {
  const model = withCalls(anaWithLead({ first_call_completed: true }), 1)
  expect(model.opportunity('lead')).toMatchObject({ first_call_completed: true, first_call_successful_attempt: null })
  expect(outcomeOf(model, 'call-1')).toBe('first_call_completed lead')
})

test('B1: completed beside a green attempt is no fact of its own, so a correction reopens', () => {
  const model = anaWithLead({ first_call_attempts: { 1: old('call-1', 1, 'green') }, first_call_completed: true })
  withCalls(model, 1, 'busy')
  expect(model.opportunity('lead')).toMatchObject({ first_call_completed: false, first_call_successful_attempt: null })
})

test('B2: an attempt is updated where it is, though that is closed and a newer one is open', () => {
  const model = withCalls(anaWithLead(), 1)
  model.patchOpportunity('lead', { status: 'lost' })
  model.createOpportunity({ id: 'newer', contact_id: 'ana', created_at: hour(5) })
  model.updateCall('call-1', { call_status: 'answered' })
  expect(attemptsOf(model, 'lead')).toEqual(['1 green call-1'])
  expect(attemptsOf(model, 'newer')).toEqual([])
})

test('B3: the only green attempt turns orange, and the opportunity opens again', () => {
  const model = withCalls(anaWithLead(), 1, 'answered')
  model.updateCall('call-1', { call_status: 'busy' })
  expect(model.opportunity('lead')).toMatchObject({
    status: 'contacted',
    first_call_completed: false,
    first_call_successful_attempt: null,
  })
})

test('B4: a call reported late takes its place, and later ones move up', () => {
  const model = withCalls(anaWithLead(), 2)
  model.createCall({ ...callAt('late', 9), started_at: hour(1.5) })
  expect(attemptsOf(model)).toEqual(['1 orange call-1', '2 orange late', '3 orange call-2'])
})

test('B4: at equal times foreign ones come first as given, then by created_at, then by id', () => {
  const model = anaWithLead({ first_call_attempts: { 2: old('a', 1), 1: old('z', 1) } })
  model.createCall({ ...callAt('call-3', 3), started_at: hour(1) })
  model.createCall({ ...callAt('call-2', 2), started_at: hour(1) })
  model.createCall({ ...callAt('call-1', 3), started_at: hour(1) })
  expect(attemptsOf(model)?.map((attempt) => attempt.split(' ')[2])).toEqual(['z', 'a', 'call-2', 'call-1', 'call-3'])
})

test('B5: a deleted call gives its attempt back, and the rest is renumbered', () => {
  const model = withCalls(anaWithLead(), 3)
  expect(model.deleteCall('call-2')).toBe('deleted')
  expect(attemptsOf(model)).toEqual(['1 orange call-1', '2 orange call-3'])
  expect(model.call('call-2')).toBeNull()
})

test('B5: a call that is moved registers at its new contact, one that is inbound now nowhere', () => {
  const model = withCalls(anaWithLead(), 2)
  model.createOpportunity({ id: 'of-ben', contact_id: 'ben', created_at: hour(0) })
  model.updateCall('call-1', { entity_id: 'ben' })
  model.updateCall('call-2', { direction: 'inbound' })
  expect(model.opportunity('lead')).toMatchObject({ attempts: [], status: 'contacted' })
  expect(attemptsOf(model, 'of-ben')).toEqual(['1 orange call-1'])
  expect(outcomeOf(model, 'call-2')).toBe('not_outbound')
})

test('B5: the id and the provider key of a deleted call are refused', () => {
  const model = anaWithLead()
  const key = { provider: 'pbx', provider_call_id: '1' }
  model.createCall({ ...callAt('call-1', 1), ...key })
  model.deleteCall('call-1')
  expect(model.createCall(callAt('call-1', 1)).result).toBe('conflict')
  expect(model.createCall({ ...callAt('call-2', 1), ...key }).result).toBe('conflict')
  const again = { id: 'other', contact_id: 'ana', created_at: 0, first_call_attempts: { 1: old('call-1', 1) } }
  expect(model.createOpportunity(again)).toBe('refused')
  expect(model.calls()).toEqual([])
})

test('B6: where a number is free again, the earliest of those turned away takes it', () => {
  const model = withCalls(anaWithLead(), 5)
  model.createCall(callAt('call-7', 7))
  model.createCall(callAt('call-6', 6))
  model.deleteCall('call-1')
  expect(outcomeOf(model, 'call-6')).toBe('registered lead')
  expect(outcomeOf(model, 'call-7')).toBe('limit_reached lead')
})

test('B6: a correction lets those turned away in until one is green; the others get the reason that now holds', () => {
  const model = withCalls(anaWithLead(), 1, 'answered')
  model.createCall(callAt('call-4', 4))
  model.createCall(callAt('call-3', 3, 'answered'))
  model.createCall(callAt('call-2', 2))
  model.updateCall('call-1', { call_status: 'busy' })
  expect(attemptsOf(model)).toEqual(['1 orange call-1', '2 orange call-2', '3 green call-3'])
  expect(outcomeOf(model, 'call-4')).toBe('first_call_completed lead')
})

test('B6: full when it opens again, those that stay out say so', () => {
  const model = withCalls(anaWithLead(), 4)
  model.createCall(callAt('call-5', 5, 'answered'))
  model.createCall(callAt('call-6', 6))
  expect(outcomeOf(model, 'call-6')).toBe('first_call_completed lead')
  model.updateCall('call-5', { call_status: 'busy' })
  expect(outcomeOf(model, 'call-6')).toBe('limit_reached lead')
})

test('B6: a number freed while it was closed is given away when its status is active again', () => {
  const model = withCalls(anaWithLead(), 6)
  model.patchOpportunity('lead', { status: 'lost' })
  model.deleteCall('call-1')
  expect(outcomeOf(model, 'call-6')).toBe('limit_reached lead')
  model.patchOpportunity('lead', { status: 'assigned' })
  expect(outcomeOf(model, 'call-6')).toBe('registered lead')
})

test('B6: considered again by A2, so a newer open opportunity takes it', () => {
  const model = withCalls(anaWithLead(), 6)
  model.createOpportunity({ id: 'newer', contact_id: 'ana', created_at: hour(9) })
  expect(outcomeOf(model, 'call-6')).toBe('limit_reached lead')
  model.deleteCall('call-1')
  expect(outcomeOf(model, 'call-6')).toBe('registered newer')
})

test('B6: what neither frees nor reopens considers nobody again', () => {
  const model = withCalls(anaWithLead(), 6)
  model.createOpportunity({ id: 'newer', contact_id: 'ana', created_at: hour(9) })
  model.updateCall('call-1', { call_status: 'busy' })
  model.patchOpportunity('lead', { status: 'assigned' })
  model.createCall(callAt('call-7', 7, 'answered'))
  expect(outcomeOf(model, 'call-7')).toBe('registered newer')
  model.updateCall('call-7', { call_status: 'busy' })
  expect(outcomeOf(model, 'call-6')).toBe('limit_reached lead')
})

test('B6: active again but completed considers nobody again', () => {
  const model = withCalls(anaWithLead(), 6)
  model.updateCall('call-1', { call_status: 'answered' })
  model.patchOpportunity('lead', { status: 'lost' })
  model.patchOpportunity('lead', { status: 'assigned' })
  expect(outcomeOf(model, 'call-6')).toBe('limit_reached lead')
})

test('B7: foreign attempts are numbered with the rest and count toward five', () => {
  const model = anaWithLead({ first_call_attempts: { 1: old('CRM-9', 3, 'red'), 2: old('CRM-8', 2) } })
  expect(model.opportunity('lead')?.status).toBe('contacted')
  withCalls(model, 4)
  expect(attemptsOf(model)).toEqual([
    '1 orange call-1',
    '2 orange CRM-8',
    '3 orange call-2',
    '4 red CRM-9',
    '5 orange call-3',
  ])
  expect(outcomeOf(model, 'call-4')).toBe('limit_reached lead')
})

test('B7: an attempt becomes the call’s when that call is created, whatever the case of its UUID', () => {
  const id = '0194b3c0-0000-7000-8000-00000000000a'
  const model = anaWithLead({ status: 'won', first_call_attempts: { 1: old(id.toUpperCase(), 1) } })
  model.createCall(callAt(id, 2, 'answered'))
  expect(model.opportunity('lead')?.attempts).toEqual([
    { status: 'green', call_id: id, attempted_at: hour(2), notes: 'brought' },
  ])
  expect(outcomeOf(model, id)).toBe('registered lead')
})

test('B7: an attempt whose call, created later, does not fit is withdrawn, and its room is given away', () => {
  const model = anaWithLead({ first_call_attempts: { 1: old('call-7', 0) } })
  withCalls(model, 5)
  expect(outcomeOf(model, 'call-5')).toBe('limit_reached lead')
  model.createCall({ ...callAt('call-7', 7), direction: 'inbound' })
  expect(attemptsOf(model)).toEqual([1, 2, 3, 4, 5].map((number) => `${number} orange call-${number}`))
  expect(outcomeOf(model, 'call-7')).toBe('not_outbound')
})

test('B7: an attempt that names a call of ours has its colour and time from the call', () => {
  const model = new Model()
  model.createCall(callAt('call-1', 1, 'answered'))
  const lead = { id: 'lead', contact_id: 'ana', created_at: hour(0), first_call_attempts: { 1: old('call-1', 5) } }
  expect(model.createOpportunity({ ...lead, first_call_completed: false })).toBe('refused')
  expect(model.createOpportunity(lead)).toBe('created')
  expect(model.opportunity('lead')?.attempts).toEqual([
    { status: 'green', call_id: 'call-1', attempted_at: hour(1), notes: 'brought' },
  ])
  expect(outcomeOf(model, 'call-1')).toBe('registered lead')
})

const six = Object.fromEntries([1, 2, 3, 4, 5, 6].map((number) => [number, old(`CRM-${number}`, number)]))
test.each<[string, Partial<ModelNewOpportunity>]>([
  ['more than five', { first_call_attempts: six }],
  ['one call twice', { first_call_attempts: { 1: old('CRM-1', 1), 2: old('CRM-1', 2) } }],
  ['a call_id that another opportunity holds', { first_call_attempts: { 1: old('CRM-0', 1) } }],
  ['an inbound call of ours', { first_call_attempts: { 1: old('inbound', 1) } }],
  ['a call to another contact', { first_call_attempts: { 1: old('to-ben', 1) } }],
  ['not completed beside green', { first_call_attempts: { 1: old('x', 1, 'green') }, first_call_completed: false }],
])('B7: %s is refused', (_, given) => {
  const model = anaWithLead({ first_call_attempts: { 1: old('CRM-0', 1) } })
  model.createCall({ ...callAt('inbound', 1), direction: 'inbound' })
  model.createCall({ ...callAt('to-ben', 1), entity_id: 'ben' })
  expect(model.createOpportunity({ id: 'second', contact_id: 'ana', created_at: hour(1), ...given })).toBe('refused')
  expect(model.opportunity('second')).toBeNull()
})

test('B8: every call says what became of it', () => {
  const model = anaWithLead({ status: 'lost' })
  const outcomes = ([id, fields]: [string, Partial<ModelCallFields>]): string | undefined => {
    model.createCall({ ...callAt(id, 1), ...fields })
    return outcomeOf(model, id)
  }
  const calls: [string, Partial<ModelCallFields>][] = [
    ['call-1', { direction: 'internal', entity_id: null }],
    ['call-2', { entity_type: 'companies' }],
    ['call-3', { entity_id: null }],
    ['call-4', { entity_id: 'nobody' }],
    ['call-5', {}],
  ]
  expect(calls.map(outcomes)).toEqual([
    'not_outbound',
    'not_a_contact',
    'not_a_contact',
    'unknown_contact',
    'no_open_opportunity',
  ])
})

test('B8: an outcome does not change by itself', () => {
  const model = withCalls(anaWithLead(), 6)
  model.updateCall('call-1', { call_status: 'answered' })
  model.patchOpportunity('lead', { status: 'won' })
  expect(outcomeOf(model, 'call-6')).toBe('limit_reached lead')
})

test('B9: a call whose registering failed is saved and pending, and the sweep registers it', () => {
  const model = anaWithLead()
  expect(model.createCall(callAt('call-1', 1), { registeringFails: true }).result).toBe('created')
  expect(model.call('call-1')?.attempt).toEqual({
    outcome: 'pending',
    opportunity_id: null,
    number: null,
    status: null,
  })
  model.sweep()
  expect(outcomeOf(model, 'call-1')).toBe('registered lead')
})

test('B9: a pending call keeps the opportunity, number and status that it had', () => {
  const model = withCalls(anaWithLead(), 1)
  model.updateCall('call-1', { call_status: 'answered' }, { registeringFails: true })
  expect(model.call('call-1')).toMatchObject({
    call_status: 'answered',
    attempt: { outcome: 'pending', opportunity_id: 'lead', number: 1, status: 'orange' },
  })
  model.sweep()
  expect(attemptsOf(model)).toEqual(['1 green call-1'])
})

test('B9: before another call, the contact’s pending calls are decided, the oldest pending first', () => {
  const model = withCalls(anaWithLead(), 4)
  model.createCall(callAt('call-9', 9), { registeringFails: true })
  model.createCall(callAt('call-8', 8), { registeringFails: true })
  model.createCall(callAt('call-7', 7))
  expect(['call-9', 'call-8', 'call-7'].map((id) => outcomeOf(model, id))).toEqual([
    'registered lead',
    'limit_reached lead',
    'limit_reached lead',
  ])
})

test('B9: a move decides the pending calls of both contacts', () => {
  const model = withCalls(anaWithLead(), 1)
  model.createOpportunity({ id: 'of-ben', contact_id: 'ben', created_at: hour(0) })
  model.createCall(callAt('call-2', 2), { registeringFails: true })
  model.createCall({ ...callAt('call-3', 3), entity_id: 'ben' }, { registeringFails: true })
  model.updateCall('call-1', { entity_id: 'ben' })
  expect(attemptsOf(model)).toEqual(['1 orange call-2'])
  expect(attemptsOf(model, 'of-ben')).toEqual(['1 orange call-1', '2 orange call-3'])
})

test('B9: the oldest pending is the one that failed first, not the one that was made or failed again first', () => {
  const model = withCalls(anaWithLead({ status: 'lost' }), 2)
  model.patchOpportunity('lead', { status: 'assigned' })
  for (const at of [3, 4, 5, 6]) model.createCall(callAt(`call-${at}`, at))
  for (const id of ['call-2', 'call-1', 'call-2']) model.updateCall(id, {}, { registeringFails: true })
  model.sweep()
  expect(outcomeOf(model, 'call-2')).toBe('registered lead')
  expect(outcomeOf(model, 'call-1')).toBe('limit_reached lead')
})

test('B9: a deletion decides the pending calls of the contact', () => {
  const model = withCalls(anaWithLead(), 1)
  model.createCall(callAt('call-2', 2), { registeringFails: true })
  model.deleteCall('call-1')
  expect(attemptsOf(model)).toEqual(['1 orange call-2'])
})

test('B9: a status change that considers those turned away decides the pending calls first', () => {
  const model = withCalls(anaWithLead(), 6)
  model.patchOpportunity('lead', { status: 'lost' })
  model.deleteCall('call-1')
  model.createCall(callAt('call-7', 7), { registeringFails: true })
  model.patchOpportunity('lead', { status: 'assigned' })
  expect(outcomeOf(model, 'call-7')).toBe('registered lead')
  expect(outcomeOf(model, 'call-6')).toBe('limit_reached lead')
})

test('B9: a write that withdraws an attempt while registering fails changes nothing', () => {
  const model = withCalls(anaWithLead(), 1)
  const before = [model.calls(), model.opportunities()]
  const fails = { registeringFails: true }
  expect(model.deleteCall('call-1', fails)).toBe('unavailable')
  expect(model.updateCall('call-1', { entity_id: 'ben', call_status: 'busy' }, fails)).toBe('unavailable')
  expect(model.updateCall('call-1', { direction: 'inbound' }, fails)).toBe('unavailable')
  expect([model.calls(), model.opportunities()]).toEqual(before)
})

test('B11: a POST with a known provider key replaces what it brings and keeps the rest', () => {
  const model = anaWithLead()
  const key = { provider: 'pbx', provider_call_id: '1' }
  model.createCall({ ...callAt('call-1', 1), ...key, resumen_llamada: 'first' })
  const again = { ...callAt('call-2', 2, 'answered'), ...key, resumen_llamada: null }
  expect(model.createCall(again)).toEqual({ result: 'existing', id: 'call-1' })
  expect(model.call('call-1')).toMatchObject({ call_status: 'answered', resumen_llamada: 'first', created_at: hour(1) })
  expect(attemptsOf(model)).toEqual(['1 green call-1'])
})

test('B12: a known provider key wins over an id, unless the id sent is another', () => {
  const model = anaWithLead()
  const key = { provider: 'pbx', provider_call_id: '1' }
  model.createCall({ ...callAt('call-1', 1), ...key })
  model.createCall(callAt('call-2', 2))
  const resultOf = (call: ModelNewCall): string => model.createCall(call, { idWasSent: true }).result
  expect(resultOf({ ...callAt('call-1', 1), ...key })).toBe('existing')
  expect(resultOf({ ...callAt('call-2', 1), ...key })).toBe('conflict')
  expect(resultOf({ ...callAt('call-2', 1), provider: 'pbx', provider_call_id: '2' })).toBe('conflict')
  expect(resultOf(callAt('call-1', 1))).toBe('conflict')
})

test('B16: an old call registers only when a person updates it, even with no change', () => {
  const model = new Model()
  model.createContact('ana')
  withCalls(model, 1)
  model.createOpportunity({ id: 'lead', contact_id: 'ana', created_at: hour(5) })
  expect(outcomeOf(model, 'call-1')).toBe('no_open_opportunity')
  model.updateCall('call-1', {})
  expect(outcomeOf(model, 'call-1')).toBe('registered lead')
})

test('B18: a call to an unknown contact is saved, and registers by B16 once an opportunity is there', () => {
  const model = withCalls(new Model(), 1)
  expect(outcomeOf(model, 'call-1')).toBe('unknown_contact')
  expect(model.createOpportunity({ id: 'lead', contact_id: 'ana', created_at: hour(5) })).toBe('created')
  model.updateCall('call-1', {})
  expect(outcomeOf(model, 'call-1')).toBe('registered lead')
})

test('a contact with calls or opportunities is not deleted, nor an opportunity that has or is named by a call', () => {
  const model = withCalls(anaWithLead({ first_call_completed: true }), 1)
  expect(model.deleteOpportunity('lead')).toBe('conflict')
  model.updateCall('call-1', { entity_id: 'ben' })
  expect(model.deleteContact('ana')).toBe('conflict')
  expect(model.deleteOpportunity('lead')).toBe('deleted')
  model.updateCall('call-1', { entity_id: 'ana', direction: 'inbound' })
  expect(model.deleteContact('ana')).toBe('conflict')
  model.deleteCall('call-1')
  expect(model.deleteContact('ana')).toBe('deleted')
  expect(model.deleteContact('ana')).toBe('not_found')
})

type Command = (model: Model) => void

/** Few names and few times, so that commands meet. */
function historyOf60(): fc.Arbitrary<Command[]> {
  const callId = fc.constantFrom('k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8', 'k9', 'k10')
  const contactId = fc.constantFrom('ana', 'ana', 'ana', 'ben', 'eva')
  const leadId = fc.constantFrom('lead-1', 'lead-2', 'lead-3')
  const time = fc.integer({ min: 0, max: 6 })
  const colour = fc.constantFrom<ModelAttempt['status']>('orange', 'orange', 'red', 'green')
  const status = fc.constantFrom('pending', 'assigned', 'contacted', 'won', 'lost')
  const fails = fc.record({ registeringFails: fc.constantFrom(false, false, true) })
  const notes = fc.constantFrom(null, ' ', 'notes')
  const fields: { [name in keyof ModelCallFields]: fc.Arbitrary<ModelCallFields[name]> } = {
    entity_type: fc.constantFrom('contacts', 'contacts', 'contacts', 'contacts', 'companies', null),
    entity_id: fc.option(contactId, { freq: 9 }),
    direction: fc.constantFrom('outbound', 'outbound', 'outbound', 'outbound', 'inbound'),
    call_status: fc.constantFrom(null, 'no_answer', 'busy', 'rejected', 'failed', 'answered'),
    call_result: notes,
    resumen_llamada: notes,
    started_at: fc.option(time),
  }
  const key = fc.constantFrom(
    {},
    {},
    { provider: 'pbx', provider_call_id: '1' },
    { provider: 'pbx', provider_call_id: '2' },
  )
  const brought = fc.record({
    call_id: callId,
    status: colour,
    attempted_at: time,
    notes: fc.constantFrom('', 'brought'),
  })
  const lead = fc.record(
    {
      id: leadId,
      contact_id: contactId,
      created_at: time,
      status,
      first_call_attempts: fc.dictionary(fc.constantFrom('1', '2', '3', '4', '5'), brought, { maxKeys: 3 }),
      first_call_completed: fc.boolean(),
    },
    { requiredKeys: ['id', 'contact_id', 'created_at'] },
  )
  const create = fc.record(
    { id: callId, created_at: time, ...fields },
    { requiredKeys: ['id', 'created_at', 'direction'] },
  )
  const likely = fc.tuple(callId, time, fields.call_status)
  const change = fc.record(fields, { requiredKeys: [] })
  const command = fc.oneof(
    {
      weight: 1,
      arbitrary: contactId.map(
        (id): Command =>
          (model) =>
            model.createContact(id),
      ),
    },
    {
      weight: 1,
      arbitrary: contactId.map(
        (id): Command =>
          (model) =>
            model.deleteContact(id),
      ),
    },
    {
      weight: 4,
      arbitrary: lead.map(
        (given): Command =>
          (model) =>
            model.createOpportunity(given),
      ),
    },
    {
      weight: 4,
      arbitrary: fc.tuple(leadId, status).map(
        ([id, to]): Command =>
          (model) =>
            model.patchOpportunity(id, { status: to }),
      ),
    },
    {
      weight: 1,
      arbitrary: leadId.map(
        (id): Command =>
          (model) =>
            model.deleteOpportunity(id),
      ),
    },
    {
      weight: 10,
      arbitrary: fc.tuple(likely, fails).map(
        ([[id, at, word], how]): Command =>
          (model) =>
            model.createCall({ ...callAt(id, 0, word), created_at: at }, how),
      ),
    },
    {
      weight: 4,
      arbitrary: fc.tuple(create, key, fails, fc.boolean()).map(
        ([call, by, how, idWasSent]): Command =>
          (model) =>
            model.createCall({ ...call, ...by }, { ...how, idWasSent }),
      ),
    },
    {
      weight: 8,
      arbitrary: fc.tuple(callId, change, fails).map(
        ([id, to, how]): Command =>
          (model) =>
            model.updateCall(id, to, how),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(callId, fails).map(
        ([id, how]): Command =>
          (model) =>
            model.deleteCall(id, how),
      ),
    },
    { weight: 1, arbitrary: fc.constant<Command>((model) => model.sweep()) },
  )
  return fc.array(command, { maxLength: 60, size: 'max' })
}

/** Runs each command and gives the first violations met. */
function violationsIn(model: Model, history: Command[]): string[] {
  for (const command of history) {
    command(model)
    const violations = model.violations()
    if (violations.length > 0) return violations
  }
  return []
}

test('random histories never violate a rule, and end with nothing pending', () => {
  const outcomes = new Set<string>()
  const property = fc.property(historyOf60(), (history) => {
    const model = new Model()
    expect(violationsIn(model, history)).toEqual([])
    for (const call of model.calls()) outcomes.add(call.attempt.outcome)
    model.sweep()
    expect(model.violations()).toEqual([])
    expect(model.calls().filter((call) => call.attempt.outcome === 'pending')).toEqual([])
  })
  fc.assert(property, { numRuns: 1_000 })
  expect([...outcomes].sort()).toEqual([
    'first_call_completed',
    'limit_reached',
    'no_open_opportunity',
    'not_a_contact',
    'not_outbound',
    'pending',
    'registered',
    'unknown_contact',
  ])
})

test('control: a model that forgets B6 is caught', () => {
  class Forgetful extends Model {
    protected override considerTurnedAwayBy(): void {}
  }
  const property = fc.property(historyOf60(), (history) => violationsIn(new Forgetful(), history).length === 0)
  const details = fc.check(property, { numRuns: 1_000, endOnFailure: true })
  expect(details.failed).toBe(true)
})

test('five calls at different times without a green one get the same numbers in any order of arrival', () => {
  const calls = [1, 2, 3, 4, 5].map((at) => ({ ...callAt(`call-${at}`, 9), started_at: hour(at) }))
  const property = fc.property(fc.shuffledSubarray(calls, { minLength: 5 }), (arriving) => {
    const model = anaWithLead()
    for (const call of arriving) model.createCall(call)
    expect(attemptsOf(model)).toEqual([1, 2, 3, 4, 5].map((number) => `${number} orange call-${number}`))
  })
  fc.assert(property)
})
