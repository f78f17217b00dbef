import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Run } from '../src/attempts/read.ts'
import { sweepMailCalls } from '../src/calls/mail-sweep.ts'
import { createOrUpdateCall } from '../src/calls/report.ts'
import { audio, type GivenMail, MAIL_START, mail, receive } from './mails-door.ts'
import { createTestDatabase, createTestService, SOMEBODY, type TestDatabase, type TestService } from './service.ts'
import * as door from './zadarma-door.ts'
import { newNumber, outEnd, outId, outStart } from './zadarma-door.ts'

/* B17: a call of which the PBX and an e-mail both tell is one call, whoever comes first. */

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

const notify = (fields: door.Fields, to = service) => door.notify(to, fields)
const callOf = (pbxCallId: string) => door.callOf(service, pbxCallId)
const get = async (id: string | null) => {
  const { status, body } = await service.request('GET', `/api/crm/calls/${id}`)
  return status === 200 ? body : null
}
const patch = (id: string | null, changes: object) => service.request('PATCH', `/api/crm/calls/${id}`, changes)
const sweep = (by = service) =>
  sweepMailCalls({ ...by, folder: '/dev/null', days: 36_500, log: { warn: (_, message) => expect.fail(message) } })

/** All calls with a number, the first made first. */
async function callsWith(number: string): Promise<string[]> {
  const rows = await service.sql<{ id: string }>(
    'select id from calls where phone_number = $1 and deleted_at is null order by created_at, id',
    [number],
  )
  return rows.map(({ id }) => id)
}

/** The attempts that a lead has, by number. */
const attemptsOf = async (opportunityId: string): Promise<{ call_id: string; status: string; notes: string }[]> =>
  Object.values(await door.attemptsOf(service, opportunityId))

let names = 0
const newName = (): string => `${1_772_442_905 + ++names}.70`

/** A lead that an e-mail has told a call of. */
async function mailedCall(given: GivenMail = {}) {
  const [number, id] = [newNumber(), outId()]
  const lead = await door.lead(service, number)
  const { callId } = await receive(service, mail(number, given))
  return { number, id, mailCall: callId ?? '', ...lead }
}

const at = (seconds: number) => ({ fields: { started_at: MAIL_START + seconds * 1_000 } })

/** The statistics of a call as the PBX gives them. */
const statistics = (provider_call_id: string, phone_number: string) =>
  service.register.registerCallAttempt(
    createOrUpdateCall(
      {
        provider: 'zadarma',
        provider_call_id,
        machine: 'statistics',
        fields: {
          direction: 'outbound',
          phone_number,
          extension: '101',
          started_at: Date.parse('2026-03-02T09:15:00Z'),
          call_status: 'busy',
        },
        recordingIds: [],
        isRecorded: true,
      },
      SOMEBODY,
    ),
  )

describe('a call that only an e-mail has told of', () => {
  it('is the one of which an END tells, and takes its name', async () => {
    const { number, id, mailCall, opportunityId } = await mailedCall()
    await notify(outEnd(id, number, 'answered', { is_recorded: '1' }))
    expect(await callsWith(number)).toEqual([mailCall])
    expect(await callOf(id)).toMatchObject({
      id: mailCall,
      provider: 'zadarma',
      call_status: 'answered',
      duration_seconds: 42,
      started_at: '2026-03-02T09:15:00Z',
      recordings: [{ status: 'available' }],
      attempt: { outcome: 'registered', number: 1, status: 'green' },
    })
    expect(await attemptsOf(opportunityId)).toMatchObject([{ call_id: mailCall, status: 'green' }])
    const before = await callOf(id)
    await notify(outStart(id, number))
    await notify(outEnd(id, number, 'answered', { is_recorded: '1' }))
    expect(await callOf(id)).toEqual(before)
  })

  it('is the one of which the statistics tell', async () => {
    const { number, id, mailCall } = await mailedCall()
    await statistics(id, number)
    expect(await callsWith(number)).toEqual([mailCall])
    expect(await callOf(id)).toMatchObject({ id: mailCall, call_status: 'busy' })
  })

  it('is none of which a START tells; the END joins the two, and the PBX’s call stays', async () => {
    const { number, id, mailCall, opportunityId } = await mailedCall()
    await notify(outStart(id, number))
    const started = await callOf(id)
    expect(await callsWith(number)).toEqual([mailCall, started.id])
    expect(await attemptsOf(opportunityId)).toHaveLength(2)
    await notify(outEnd(id, number, 'busy', { is_recorded: '1' }))
    expect(await callsWith(number)).toEqual([started.id])
    expect(await get(mailCall)).toBeNull()
    expect(await callOf(id)).toMatchObject({ id: started.id, recordings: [{ status: 'available' }] })
    expect(await attemptsOf(opportunityId)).toMatchObject([{ call_id: started.id, status: 'orange' }])
  })

  it('is not there where the e-mail comes between START and END', async () => {
    const [number, id] = [newNumber(), outId()]
    await notify(outStart(id, number, { internal: '102' }))
    const { became, callId } = await receive(service, mail(number))
    expect(became).toBe('attached')
    await notify(outEnd(id, number, 'busy'))
    expect(await callsWith(number)).toEqual([callId])
  })

  it.each([true, false])('is the one whose recording a RECORD names, told of before: %s', async (wasTold) => {
    const name = newName()
    const { number, id, mailCall, opportunityId } = await mailedCall({ recordings: [audio(name)] })
    if (wasTold) await notify(outStart(id, number))
    await notify({ event: 'NOTIFY_RECORD', pbx_call_id: id, call_id_with_rec: name })
    const calls = await callsWith(number)
    expect(calls).toHaveLength(1)
    expect(await callOf(id)).toMatchObject({ id: calls[0], recordings: [{ status: 'available' }] })
    expect((await get(mailCall)) === null).toBe(wasTold)
    expect(await attemptsOf(opportunityId)).toMatchObject([{ call_id: calls[0] }])
  })

  it('gets its name from a later e-mail too', async () => {
    const [name, id] = [newName(), outId()]
    const { number, mailCall } = await mailedCall({ recordings: [audio(name)] })
    await receive(service, mail(number, { pbxCallId: id, recordings: [audio(name)] }))
    expect(await callOf(id)).toMatchObject({ id: mailCall, recordings: [{ status: 'available' }] })
  })

  it.each([
    ['61 s away', at(46), {}],
    ['of another extension', {}, { internal: '102' }],
    ['of another number', {}, { destination: '34699999999' }],
    ['that came in', { direction: 'inbound' }, {}],
    ['with another recording', { recordings: [audio('1772442900.1')] }, { call_id_with_rec: '1772442900.2' }],
  ] as const)('stays one of its own beside an END %s', async (_, given, more) => {
    const { number, id, mailCall } = await mailedCall(given)
    await notify(outEnd(id, number, 'busy', more))
    expect((await callOf(id)).id).not.toBe(mailCall)
    expect(await sweep()).toBe(0)
    expect(await get(mailCall)).toMatchObject({ provider: null })
  })

  it.each([
    ['exactly 60 s away', at(45)],
    ['whose extension it does not know', { fields: { extension: null } }],
  ])('is the one of an END %s', async (_, given) => {
    const { number, id, mailCall } = await mailedCall(given)
    await notify(outEnd(id, number, 'busy'))
    expect(await callOf(id)).toMatchObject({ id: mailCall, extension: '101' })
  })

  it('is the nearest of several; the others wait for their own END', async () => {
    const { number, id, mailCall } = await mailedCall(at(25))
    const far = await receive(service, mail(number, { ...at(-60), recordings: [audio(newName())] }))
    const near = await receive(service, mail(number, { ...at(-30), recordings: [audio()] }))
    expect([far.became, near.callId]).toEqual(['new_call', far.callId])
    await notify(outEnd(id, number, 'busy'))
    // 40 s after it, and 45 s before it.
    expect(await callOf(id)).toMatchObject({ id: mailCall })
    await notify(outEnd(id, number, 'busy'))
    await statistics(id, number)
    expect(await sweep()).toBe(0)
    expect(await callsWith(number)).toHaveLength(2)
    const other = outId()
    await notify(outEnd(other, number, 'busy', { call_start: '2026-03-02 10:14:20' }))
    expect(await callOf(other)).toMatchObject({ id: far.callId })
  })

  it('of two that are equally near is the one made first', async () => {
    const [one, two] = [newName(), newName()]
    const { number, id, mailCall } = await mailedCall({ ...at(-5), recordings: [audio(one)] })
    const other = await receive(service, mail(number, { ...at(-25), recordings: [audio(two)] }))
    expect(other.became).toBe('new_call')
    await notify(outEnd(id, number, 'busy'))
    expect(await callOf(id)).toMatchObject({ id: mailCall })
    await notify({ event: 'NOTIFY_RECORD', pbx_call_id: outId(), call_id_with_rec: two })
    expect(await get(other.callId)).toMatchObject({ provider: 'zadarma' })
  })

  it('was turned away as the sixth, and is the attempt that the PBX’s record of it was', async () => {
    const [number, id] = [newNumber(), outId()]
    const { contactId, opportunityId } = await door.lead(service, number)
    const earlier = { direction: 'outbound', entity_type: 'contacts', entity_id: contactId }
    for (let count = 0; count < 4; count++) await service.request('POST', '/api/crm/calls', earlier)
    await notify(outStart(id, number, { call_start: '2026-03-02 10:14:30' }))
    const fifth = await callOf(id)
    const name = newName()
    // Of a recording that nobody has told of yet, and of another extension: two records, for now.
    const { callId } = await receive(service, mail(newNumber(), { recordings: [audio(name)] }))
    await patch(callId, { phone_number: number, entity_type: 'contacts', entity_id: contactId })
    expect(await get(callId)).toMatchObject({ attempt: { outcome: 'limit_reached' } })
    await notify(outEnd(id, number, 'answered', { is_recorded: '1', call_id_with_rec: name }))
    expect(await get(callId)).toBeNull()
    const attempts = await attemptsOf(opportunityId)
    expect(attempts).toHaveLength(5)
    expect(attempts).toContainEqual(expect.objectContaining({ call_id: fifth.id, status: 'green' }))
  })

  it('frees its number for the sixth where it becomes one with another attempt (B6)', async () => {
    const [number, id] = [newNumber(), outId()]
    const { contactId, opportunityId } = await door.lead(service, number)
    const { callId } = await receive(service, mail(number))
    await notify(outStart(id, number))
    const more = { direction: 'outbound', entity_type: 'contacts', entity_id: contactId }
    for (let count = 0; count < 4; count++) await service.request('POST', '/api/crm/calls', more)
    await notify(outEnd(id, number, 'busy'))
    expect(await get(callId)).toBeNull()
    const attempts = await attemptsOf(opportunityId)
    expect(attempts).toHaveLength(5)
    expect(attempts.map(({ call_id }) => call_id)).toContain((await callOf(id)).id)
  })
})

describe('what a person said of the call of an e-mail', () => {
  it.each([false, true])('stands once the PBX tells of it, begun before: %s', async (hasBegun) => {
    const { number, id, mailCall, opportunityId } = await mailedCall()
    if (hasBegun) await notify(outStart(id, number))
    await patch(mailCall, { resumen_llamada: 'Quiere una oferta', call_status: 'rejected' })
    await notify(outEnd(id, number, 'answered'))
    expect(await callOf(id)).toMatchObject({ resumen_llamada: 'Quiere una oferta', call_status: 'rejected' })
    expect(await attemptsOf(opportunityId)).toMatchObject([{ status: 'red', notes: 'Quiere una oferta' }])
  })

  it.each([false, true])('moves the attempt where they moved it, begun before: %s', async (hasBegun) => {
    const { number, id, mailCall, opportunityId } = await mailedCall()
    const other = await door.lead(service, newNumber())
    if (hasBegun) await notify(outStart(id, number))
    await patch(mailCall, { entity_id: other.contactId })
    await notify(outEnd(id, number, 'busy'))
    const call = await callOf(id)
    expect(call).toMatchObject({
      entity_id: other.contactId,
      link: null,
      attempt: { outcome: 'registered', number: 1 },
    })
    expect(await attemptsOf(opportunityId)).toEqual([])
    expect(await attemptsOf(other.opportunityId)).toMatchObject([{ call_id: call.id }])
  })

  it.each([false, true])('leaves it without a contact where they cleared it, begun before: %s', async (hasBegun) => {
    const { number, id, mailCall, opportunityId } = await mailedCall()
    if (hasBegun) await notify(outStart(id, number))
    await patch(mailCall, { entity_id: null })
    await notify(outEnd(id, number, 'busy'))
    expect(await callOf(id)).toMatchObject({ entity_id: null, attempt: { outcome: 'not_a_contact' } })
    expect(await attemptsOf(opportunityId)).toEqual([])
  })

  it('that its number is another one makes it the call of that number', async () => {
    const { id, mailCall } = await mailedCall()
    const right = newNumber()
    await patch(mailCall, { phone_number: right })
    await notify(outEnd(id, right, 'busy'))
    expect(await callOf(id)).toMatchObject({ id: mailCall, phone_number: right })
  })

  it.each([false, true])('by all of its fields makes it no other call, begun before: %s', async (hasBegun) => {
    const { number, id, mailCall, opportunityId } = await mailedCall()
    if (hasBegun) await notify(outStart(id, number))
    const { direction, phone_number, extension, started_at, duration_seconds } = await get(mailCall)
    const all = { direction, phone_number, extension, started_at, duration_seconds, resumen_llamada: 'Pide cita' }
    await service.request('PUT', `/api/crm/calls/${mailCall}`, all)
    await notify(outEnd(id, number, 'answered'))
    expect(await callsWith(number)).toEqual([(await callOf(id)).id])
    expect(await callOf(id)).toMatchObject({ resumen_llamada: 'Pide cita', call_status: 'answered' })
    expect(await attemptsOf(opportunityId)).toMatchObject([{ status: 'green', notes: 'Pide cita' }])
  })

  it('of the PBX’s call stands before what they said of that of the e-mail', async () => {
    const { number, id, mailCall } = await mailedCall()
    await notify(outStart(id, number))
    await patch((await callOf(id)).id, { resumen_llamada: 'Del que se queda' })
    await patch(mailCall, { resumen_llamada: 'Del correo', call_result: 'Del correo' })
    await notify(outEnd(id, number, 'busy'))
    expect(await callOf(id)).toMatchObject({ resumen_llamada: 'Del que se queda', call_result: 'Del correo' })
  })

  it('by deleting it stands: what names its recording changes nothing (B5)', async () => {
    const name = newName()
    const { number, id, mailCall } = await mailedCall({ recordings: [audio(name)] })
    await service.request('DELETE', `/api/crm/calls/${mailCall}`)
    await notify(outEnd(id, number, 'busy', { call_id_with_rec: name }))
    expect(await callOf(id)).toBeNull()
  })

  it('by making it themselves keeps it theirs: the PBX’s call is another one', async () => {
    const [number, id] = [newNumber(), outId()]
    const started_at = '2026-03-02T09:15:00Z'
    const own = { direction: 'outbound', phone_number: number, extension: '101', started_at }
    const { body } = await service.request('POST', '/api/crm/calls', own)
    expect(await receive(service, mail(number))).toMatchObject({ callId: body.id })
    await notify(outEnd(id, number, 'busy'))
    expect(await callsWith(number)).toHaveLength(2)
  })

  it('by making it themselves makes it the one whose recording the PBX names', async () => {
    const [number, id, name] = [newNumber(), outId(), newName()]
    const { opportunityId } = await door.lead(service, number)
    const started_at = '2026-03-02T09:15:00Z'
    const own = { direction: 'outbound', phone_number: number, extension: '101', started_at, resumen_llamada: 'Suyo' }
    const { body } = await service.request('POST', '/api/crm/calls', own)
    expect(await receive(service, mail(number, { recordings: [audio(name)] }))).toMatchObject({ callId: body.id })
    await notify(outEnd(id, number, 'answered', { is_recorded: '1', call_id_with_rec: name }))
    expect(await callsWith(number)).toEqual([body.id])
    expect(await callOf(id)).toMatchObject({ id: body.id, resumen_llamada: 'Suyo', call_status: 'answered' })
    expect(await attemptsOf(opportunityId)).toMatchObject([{ call_id: body.id, status: 'green' }])
  })
})

describe('an e-mail and an END at the same moment', () => {
  /** On a busy machine the two may meet late. */
  const PATIENT = { registerWithin: 20_000, answerWithin: 30_000 }

  /** Two servers of which each has read before either writes. */
  async function atTheSameMoment(act: (one: TestService, other: TestService) => Promise<unknown>[]): Promise<void> {
    let waiting = 2
    let release: () => void = () => undefined
    const bothHaveRead = new Promise<void>((resolve) => {
      release = resolve
    })
    const wrapRun = (run: Run): Run => {
      let isFirst = true
      return async (name, text, values) => {
        if (isFirst && name.startsWith('write_')) {
          isFirst = false
          if (--waiting === 0) release()
          await bothHaveRead
        }
        return run(name, text, values)
      }
    }
    const [one, other] = await Promise.all([
      createTestService({ ...database, wrapRun, times: PATIENT }),
      createTestService({ ...database, wrapRun, times: PATIENT }),
    ])
    await Promise.all(act(one, other))
    expect(waiting).toBe(0)
    await Promise.all([one.close(), other.close()])
  }

  it('are two calls, until the sweep makes one of them', async () => {
    const [number, id] = [newNumber(), outId()]
    const { opportunityId } = await door.lead(service, number)
    await atTheSameMoment((one, other) => [
      receive(one, mail(number)),
      notify(outEnd(id, number, 'answered', { is_recorded: '1' }), other),
    ])
    // The lead’s revision lets only one of the two register at once; the other then sees it.
    await sweep()
    const call = await callOf(id)
    expect(await callsWith(number)).toEqual([call.id])
    expect(call).toMatchObject({ recordings: [{ status: 'available' }], attempt: { number: 1, status: 'green' } })
    expect(await attemptsOf(opportunityId)).toMatchObject([{ call_id: call.id, status: 'green' }])
  })

  it('of nobody that is known are joined by the sweep, once', async () => {
    const [number, id] = [newNumber(), outId()]
    await atTheSameMoment((one, other) => [receive(one, mail(number)), notify(outEnd(id, number, 'busy'), other)])
    expect(await callsWith(number)).toHaveLength(2)
    expect(await sweep()).toBe(1)
    expect(await sweep()).toBe(0)
    const call = await callOf(id)
    expect(await callsWith(number)).toEqual([call.id])
    expect(call).toMatchObject({ call_status: 'busy', recordings: [{ status: 'available' }] })
  })

  it('are joined with no audio lost that the PBX gives at this moment', async () => {
    const [number, id] = [newNumber(), outId()]
    const end = outEnd(id, number, 'busy', { is_recorded: '1' })
    await atTheSameMoment((one, other) => [receive(one, mail(number)), notify(end, other)])
    let isDue = true
    const late = await createTestService({
      ...database,
      wrapRun: (run) => async (statement, text, values) => {
        if (isDue && statement.startsWith('write_')) {
          isDue = false
          await service.sql(
            `update recordings set status = 'available', due_at = null, file_name = 'fetched-late.mp3',
             content_type = 'audio/mpeg', size_bytes = 1, sha256 = '\\x02'
             where call_id = (select id from calls where provider_call_id = $1)`,
            [id],
          )
        }
        return run(statement, text, values)
      },
    })
    await sweep(late)
    await late.close()
    expect(isDue).toBe(false)
    expect((await callOf(id)).recordings).toMatchObject([{ status: 'available' }])
    const kept = await service.sql('select from recordings where file_name = $1', ['fetched-late.mp3'])
    expect(kept).toHaveLength(1)
    // Both have audio, and it differs: nothing tells that they are one.
    expect(await callsWith(number)).toHaveLength(2)
  })

  it('where the END names the recording, are one at once', async () => {
    const [number, id, name] = [newNumber(), outId(), newName()]
    await atTheSameMoment((one, other) => [
      receive(one, mail(number, { recordings: [audio(name)] })),
      notify(outEnd(id, number, 'busy', { is_recorded: '1', call_id_with_rec: name }), other),
    ])
    expect(await callsWith(number)).toEqual([(await callOf(id)).id])
    expect(await callOf(id)).toMatchObject({ recordings: [{ status: 'available' }] })
  })

  it('of two servers that both have the END, one takes the call of the e-mail', async () => {
    const { number, id, mailCall, opportunityId } = await mailedCall()
    const end = outEnd(id, number, 'busy', { is_recorded: '1' })
    await atTheSameMoment((one, other) => [notify(end, one), notify(end, other)])
    expect(await callsWith(number)).toEqual([mailCall])
    expect(await attemptsOf(opportunityId)).toMatchObject([{ call_id: mailCall }])
  })

  it('within one batch are one call', async () => {
    const [number, id] = [newNumber(), outId()]
    const { opportunityId } = await door.lead(service, number)
    await Promise.all([
      receive(service, mail(newNumber())),
      receive(service, mail(number)),
      notify(outEnd(id, number, 'busy', { is_recorded: '1' })),
      notify(outStart(id, number)),
    ])
    const call = await callOf(id)
    expect(await callsWith(number)).toEqual([call.id])
    expect(call.recordings).toMatchObject([{ status: 'available' }])
    expect(await attemptsOf(opportunityId)).toMatchObject([{ call_id: call.id }])
  })
})

describe('the sweep', () => {
  it('leaves calls alone of which the PBX has told only the beginning', async () => {
    const { number, id } = await mailedCall()
    await notify(outStart(id, number))
    expect(await sweep()).toBe(0)
    expect(await callsWith(number)).toHaveLength(2)
  })

  it('gives an e-mail that waits for a person to the call that its names belong to by now', async () => {
    const [number, id, name] = [newNumber(), outId(), newName()]
    const [byId, byName, other] = [
      mail(null, { pbxCallId: id }),
      mail(null, { recordings: [audio(name)] }),
      mail(null, { recordings: [audio(newName())] }),
    ]
    for (const came of [byName, byId, other]) expect((await receive(service, came)).became).toBe('review')
    await notify(outEnd(id, number, 'busy', { is_recorded: '1', call_id_with_rec: name }))
    expect(await sweep()).toBe(2)
    expect(await sweep()).toBe(0)
    const call = await callOf(id)
    expect(call.recordings).toMatchObject([{ status: 'available' }, { status: 'available' }])
    const rows = await service.sql(
      `select id, decision ->> 'by' as by, decision ->> 'call_id' as call_id from review_items
       where id = any($1) order by id`,
      [[byName, byId, other].map(({ messageId }) => messageId)],
    )
    expect(rows.map(({ by, call_id }) => [by, call_id])).toEqual([
      ['first-call', call.id],
      ['first-call', call.id],
      [null, null],
    ])
    const matched = await service.sql('select matched_by from recordings where call_id = $1 order by matched_by', [
      call.id,
    ])
    expect(matched.map(({ matched_by }) => matched_by)).toEqual(['pbx_call_id', 'recording_id'])
  })

  it('leaves an e-mail to a person whose names are at odds', async () => {
    const [one, two, name] = [outId(), outId(), newName()]
    const came = mail(null, { pbxCallId: one, recordings: [audio(name)] })
    await receive(service, came)
    await notify(outEnd(two, newNumber(), 'busy', { is_recorded: '1', call_id_with_rec: name }))
    expect(await sweep()).toBe(0)
    await notify(outEnd(one, newNumber(), 'busy'))
    expect(await sweep()).toBe(0)
    const [row] = await service.sql('select decision from review_items where id = $1', [came.messageId])
    expect(row?.decision).toBeNull()
  })
})
