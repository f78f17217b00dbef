import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { idFor } from '../src/transfer/ids.ts'
import { commandLineOn } from './command-line.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'
import { callTo, newLead, registered } from './stage.ts'

/* Files of another CRM, by the command line. */

let database: TestDatabase
let service: TestService
let folder: string
let run: ReturnType<typeof commandLineOn>

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-import-'))
  database = await createTestDatabase()
  service = await createTestService(database)
  run = commandLineOn(database, path.join(folder, 'data'))
})

afterAll(async () => {
  await service.close()
  await database.drop()
  await rm(folder, { recursive: true })
})

async function fileOf(name: string, content: string | Buffer | readonly object[]): Promise<string> {
  const file = path.join(folder, name)
  const lines = Array.isArray(content) ? content.map((line) => `${JSON.stringify(line)}\n`).join('') : null
  await writeFile(file, lines ?? (content as string | Buffer))
  return file
}

const callOf = async (key: string) =>
  (await get('calls?provider=zadarma&limit=200')).data.find(
    (call: { provider_call_id: string }) => call.provider_call_id === key,
  )

const get = async (what: string) => (await service.request('GET', `/api/crm/${what}`)).body
const opportunityOf = async (contactId: string) => (await get(`opportunities?contact_id=${contactId}`)).data[0]
const numbersOf = async (contactId: string): Promise<unknown[]> =>
  Object.values((await opportunityOf(contactId)).first_call_attempts)

/** A person who can be called, with an id as older systems have them. */
let made = 0
async function leadOf(fields: object = {}): Promise<{ old: string; contactId: string }> {
  const old = `K-${++made}`
  const contactId = idFor('contacts', old)
  const { status } = await service.request('POST', '/api/crm/opportunities', { contact_id: contactId, ...fields })
  expect(status).toBe(201)
  return { old, contactId }
}

describe('a file as Excel saves it in Spain', () => {
  const csv = [
    'Código;Nombre;Apellidos;Teléfono;Móvil;Correo;No llamar;Color;;',
    '1;José;Núñez Peña;="0034912345678";612 345 678;jose@example.com;Sí;azul;;',
    '2;"Ana ""la"" García";;;"699 111 222";;no;;;',
    '3;Mal;Escrita;;3,46123E+10;no-es-correo;quizás;;;',
    ';;;;;;;;;',
    '4;Cortada;912',
  ]

  it('is taken; what cannot be is written beside it with every reason, and is taken once it is mended', async () => {
    const file = await fileOf('contactos.csv', Buffer.from(csv.join('\r\n'), 'latin1'))
    const first = await run(['import', 'contacts', file])
    expect(first.stdout).toBe(
      `4 lines: 2 created, 0 already there, 2 rejected.\nThe rejected lines are in ${file}.rejected.csv, each with its reason.\n`,
    )
    expect(first.stderr).toContain('The column "Color" is no field of contacts that is known, and is left out.')
    expect(first.code).toBe(1)
    expect(await get(`contacts/${idFor('contacts', '1')}`)).toMatchObject({
      name: 'José Núñez Peña',
      phones: ['+34912345678', '+34612345678'],
      email: 'jose@example.com',
      opt_out: true,
    })
    const rejected = await readFile(`${file}.rejected.csv`, 'utf8')
    expect(rejected.split('\r\n')).toEqual([
      '\ufeffrejected_line;rejected_because;Código;Nombre;Apellidos;Teléfono;Móvil;Correo;No llamar;Color',
      expect.stringMatching(
        /^4;"Móvil: 3,46123E\+10 is .* \| No llamar: is neither yes nor no .* \| Correo: is not an e-mail/,
      ),
      '6;has 3 cells, and the heading 8: is the file cut off, or a line break in a cell without quotes?;4;Cortada;912',
      '',
    ])

    const [heading = '', bad = ''] = rejected.split('\r\n')
    const mended = bad
      .replace(/"Móvil.*?";/, ';')
      .replace('3,46123E+10', '0034 600 000 003')
      .replace('no-es-correo', '')
      .replace('quizás', '')
    const again = await run([
      'import',
      'contacts',
      await fileOf('mended.csv', `${heading}\r\n${mended}\r\n`),
      '--map',
      'color=',
    ])
    expect(again).toEqual({ code: 0, stdout: '1 line: 1 created, 0 already there, 0 rejected.\n', stderr: '' })
  })

  it('changes nothing the second time, and leaves no second file of what was rejected', async () => {
    const file = path.join(folder, 'contactos.csv')
    const before = await service.sql('select * from contacts order by id')
    const { stdout } = await run(['import', 'contacts', file, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'contacts',
      lines: 4,
      created: 0,
      already_there: 2,
      rejected: 2,
      rejected_file: `${file}.rejected.csv`,
      is_ended_early: false,
    })
    expect(await service.sql('select * from contacts order by id')).toEqual(before)
    expect((await readdir(folder)).filter((name) => name.startsWith('contactos'))).toEqual([
      'contactos.csv',
      'contactos.csv.rejected.csv',
    ])
  })

  it('calls with days and times in columns of their own become attempts, in words of Spain', async () => {
    const { old, contactId } = await leadOf()
    const file = await fileOf(
      'llamadas.csv',
      [
        'Contacto;Sentido;Fecha;Hora;Estado;Observaciones;Duración',
        `${old};Saliente;28/01/2025;18:05;No contesta;;0`,
        `${old};saliente;02/02/2025;9:30;Contestada;"Todo bien;\nllamar en mayo";1.234,5`,
        `${old};Entrante;03/02/2025;10:00;Contestada;;60`,
      ].join('\r\n'),
    )
    const { stdout, stderr, code } = await run(['import', 'calls', file])
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
    expect(stdout).toBe(
      '3 lines: 3 created, 0 already there, 0 rejected.\nOf the calls created: 2 registered, 1 not_outbound.\n',
    )
    expect(await numbersOf(contactId)).toEqual([
      { status: 'orange', call_id: expect.any(String), attempted_at: '2025-01-28T17:05:00Z', notes: '' },
      {
        status: 'green',
        call_id: expect.any(String),
        attempted_at: '2025-02-02T08:30:00Z',
        notes: 'Todo bien;\nllamar en mayo',
      },
    ])
    const [{ data: calls }] = [await get(`calls?entity_id=${contactId}`)]
    expect(calls.map((call: { duration_seconds: number }) => call.duration_seconds)).toEqual([60, 1_234, 0])
  })

  it('--timezone says what times without an offset mean', async () => {
    const { old, contactId } = await leadOf()
    const file = await fileOf('utc.csv', `contact_id,direction,started_at\n${old},outbound,2025-07-01 10:00:00\n`)
    await run(['import', 'calls', file, '--timezone', 'UTC'])
    expect(await numbersOf(contactId)).toMatchObject([{ attempted_at: '2025-07-01T10:00:00Z' }])
    expect(await run(['import', 'calls', file, '--timezone', 'Madrid'])).toMatchObject({ code: 2 })
  })
})

describe('ids', () => {
  it('of an older system meet, whichever file names them; a UUID stays what it is', async () => {
    const own = randomUUID()
    await run(['import', 'contacts', await fileOf('c.csv', `id,name\n77,Ana\n${own.toUpperCase()},Luis\n`)])
    await run(['import', 'opportunities', await fileOf('o.csv', `id,contact_id\nO1,77\nO2,${own}\n`)])
    const lines = [
      { id: 5, entity_type: 'CONTACTS', entity_id: 77, direction: 'outbound', started_at: '2025-03-01T10:00:00Z' },
      { id: 6, entity_type: 'contacts', entity_id: own, direction: 'outbound', started_at: '2025-03-01T10:00:00Z' },
    ]
    await run(['import', 'calls', await fileOf('calls.jsonl', lines)])
    const both = [idFor('contacts', '77'), own]
    expect(await Promise.all(both.map(async (id) => (await get(`contacts/${id}`)).name))).toEqual(['Ana', 'Luis'])
    const opportunities = await Promise.all(both.map(opportunityOf))
    expect(opportunities.map(({ id }) => id)).toEqual([idFor('opportunities', 'O1'), idFor('opportunities', 'O2')])
    expect(opportunities.map(({ first_call_attempts }) => first_call_attempts[1].call_id)).toEqual([
      idFor('calls', '5'),
      idFor('calls', '6'),
    ])
  })

  it('lines without one are told apart by all that they say, and by how often they say it', async () => {
    const { old, contactId } = await leadOf()
    const line = `${old},outbound,2025-03-01T10:00:00Z,busy`
    const file = await fileOf(
      'without.csv',
      `contacto,direction,started_at,call_status\n${line}\n${line}\n${old},outbound,2025-03-01T10:00:00Z,\n`,
    )
    expect((await run(['import', 'calls', file])).stdout).toMatch('3 lines: 3 created')
    expect(await numbersOf(contactId)).toHaveLength(3)
    // Saved anew by another program, with a column left out on purpose, it is the same.
    const anew = Buffer.from(`\ufeff${await readFile(file, 'utf8')}`.replaceAll(',', ';'))
    await writeFile(file, anew)
    expect((await run(['import', 'calls', file, '--map', 'call_status='])).stdout).toBe(
      '3 lines: 0 created, 3 already there, 0 rejected.\n',
    )
  })

  it('an id that comes twice with other words is told with the line where it came first', async () => {
    const file = await fileOf('twice.csv', 'id,name\nt1,Ana\nt2,Eva\nt1,Ana\nt2,Otra\n')
    const { stdout, code } = await run(['import', 'contacts', file])
    expect({ stdout, code }).toMatchObject({
      stdout: expect.stringMatching(/^4 lines: 2 created, 1 already there, 1 rejected/),
      code: 1,
    })
    expect(await readFile(`${file}.rejected.csv`, 'utf8')).toContain(
      '5,"id: is also that of line 3, which says something else"',
    )
  })

  it('a provider’s key that comes twice with other words is told likewise; it would be either, by chance', async () => {
    const key = randomUUID()
    const line = (status: string): string => `inbound,2025-03-01T10:00:00Z,${status},zadarma,${key}\n`
    const heading = 'direction,started_at,call_status,provider,provider_call_id\n'
    const file = await fileOf('keys.csv', `${heading}${line('busy')}${line('busy')}${line('answered')}`)
    const { stdout } = await run(['import', 'calls', file])
    expect(stdout).toMatch(/^3 lines: 1 created, 1 already there, 1 rejected/)
    expect(await readFile(`${file}.rejected.csv`, 'utf8')).toContain(
      '"provider_call_id: is also that of line 2, which says something else"'.replaceAll('"', ''),
    )
    expect((await get(`calls/${(await callOf(key)).id}`)).call_status).toBe('busy')
  })

  it('what a person changed since then stays, also of a call that is known by its provider’s key', async () => {
    const key = { provider: 'zadarma', provider_call_id: randomUUID() }
    const { body } = await service.request('POST', '/api/crm/calls', { direction: 'inbound', ...key })
    const line = { ...key, direction: 'inbound', call_status: 'busy', resumen_llamada: 'Hola' }
    const file = await fileOf('key3.jsonl', [line])
    await run(['import', 'calls', file])
    const changed = await service.request('PATCH', `/api/crm/calls/${body.id}`, { call_status: 'answered' })
    expect((await run(['import', 'calls', file])).code).toBe(0)
    expect(await get(`calls/${body.id}`)).toEqual(changed.body)
  })

  it('a call with a provider’s key is the call that has it (B12)', async () => {
    const key = { provider: 'zadarma', provider_call_id: randomUUID() }
    const { body } = await service.request('POST', '/api/crm/calls', { direction: 'inbound', ...key })
    const line = { ...key, direction: 'inbound', resumen_llamada: 'Hola' }
    const { stdout } = await run(['import', 'calls', await fileOf('key.jsonl', [line])])
    expect(stdout).toBe('1 line: 0 created, 1 already there, 0 rejected.\n')
    expect(await get(`calls/${body.id}`)).toMatchObject({ resumen_llamada: 'Hola' })
    const other = await fileOf('key2.jsonl', [{ ...line, id: 'mine' }])
    expect((await run(['import', 'calls', other])).code).toBe(1)
    expect(await readFile(`${other}.rejected.jsonl`, 'utf8')).toContain(
      `The call with this provider key has the id ${body.id}.`,
    )
  })

  it('a call that was deleted stays deleted (B5)', async () => {
    const { old } = await leadOf()
    const file = await fileOf(
      'gone.csv',
      `id,contacto,direction,started_at\ngone,${old},outbound,2025-03-01T10:00:00Z\n`,
    )
    await run(['import', 'calls', file])
    await service.request('DELETE', `/api/crm/calls/${idFor('calls', 'gone')}`)
    expect(await run(['import', 'calls', file])).toEqual({
      code: 0,
      stdout: '1 line: 0 created, 0 already there, 1 deleted here before and not brought back, 0 rejected.\n',
      stderr: '',
    })
  })
})

describe('attempts of an older system (B7)', () => {
  it('come as JSON in a cell, and become those of their calls when these come', async () => {
    const { old, contactId } = { old: 'B7', contactId: idFor('contacts', 'B7') }
    const attempts = {
      1: { status: 'orange', call_id: '900', attempted_at: '2025-01-29T10:00:00', notes: 'No contestó' },
      2: { status: 'orange', call_id: '901', attempted_at: '2025-01-30T10:00:00.5', notes: null },
    }
    const cell = JSON.stringify(attempts).replaceAll('"', '""')
    const file = await fileOf(
      'b7.csv',
      `contact_id,status,first_call_attempts,first_call_completed,last_contact_attempt_at\n${old},pendiente,"${cell}",f,2025-01-30\n`,
    )
    const { stderr, stdout } = await run(['import', 'opportunities', file])
    expect(stderr).toBe('Left to First Call, which keeps them by itself: last_contact_attempt_at.\n')
    expect(stdout).toBe('1 line: 1 created, 0 already there, 0 rejected.\n')
    expect(await opportunityOf(contactId)).toMatchObject({
      status: 'contacted',
      last_contact_attempt_at: '2025-01-30T10:00:00.500Z',
    })
    const calls = await fileOf(
      'b7-calls.csv',
      `id,contacto,direction,call_status,started_at\n901,${old},outbound,completed,2025-01-30T10:00:00Z\n`,
    )
    expect((await run(['import', 'calls', calls])).stdout).toMatch('1 registered')
    expect(await opportunityOf(contactId)).toMatchObject({
      first_call_successful_attempt: 2,
      first_call_attempts: {
        1: { call_id: idFor('calls', '900'), notes: 'No contestó' },
        2: { call_id: idFor('calls', '901'), status: 'green', attempted_at: '2025-01-30T10:00:00Z' },
      },
    })
    const [foreign] = await service.sql('select array_agg(call_id) as ids from foreign_attempts')
    expect(foreign?.ids).toEqual([idFor('calls', '900')])
  })

  it('that cannot be are told with their column, also by a dry run', async () => {
    const lead = await newLead(service)
    const callId = await registered(service, lead)
    const attempts = (call_id: string) => ({ 1: { status: 'orange', call_id, attempted_at: '2025-01-29T10:00:00Z' } })
    const file = await fileOf('faulty.jsonl', [
      { contact_id: randomUUID(), first_call_attempts: attempts(callId) },
      { contact_id: randomUUID(), intentos: { 1: { status: 'verde', call_id: 'x' } } },
      { contact_id: randomUUID(), first_call_attempts: { ...attempts('y'), 6: {} }, first_call_completed: 'sí' },
    ])
    const { stdout, code } = await run(['import', 'opportunities', file, '--dry-run', '--map', 'intentos='])
    expect(stdout).toMatch(
      'line 1, first_call_attempts: 1.call_id names a call that another opportunity counts already\n',
    )
    expect(stdout).toMatch('line 3, first_call_attempts: 6 an attempt has a number from "1" to "5"\n')
    expect(stdout).toMatch('3 lines: 1 could be taken, 0 already there, 2 could not. Nothing was written.\n')
    expect(code).toBe(1)
    const mapped = await run([
      'import',
      'opportunities',
      file,
      '--dry-run',
      '--map',
      'first_call_attempts=',
      '--map',
      'intentos=first_call_attempts',
    ])
    expect(mapped.stdout).toMatch(/line 2, intentos: 1\.status .*\nline 2, intentos: 1\.attempted_at /)
  })
})

describe('a dry run', () => {
  it('tells every fault of every line by line and column, and leaves nothing behind', async () => {
    const file = await fileOf(
      'dry.csv',
      'id,direction,started_at,duration_seconds\n1,outbond,31/02/2025,1.234\n2,inbound,,\n3,,ayer,5\n',
    )
    const before = await service.sql('select count(*) from calls')
    const { stdout, code, stderr } = await run(['import', 'calls', file, '--dry-run'])
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^line 2, started_at: is not a time such as/),
      expect.stringMatching(/^line 2, duration_seconds: could be 1234 or 1 and a bit/),
      expect.stringMatching(/^line 2, direction: Invalid option: expected one of "inbound"/),
      expect.stringMatching(/^line 4, started_at: is not a time/),
      expect.stringMatching(/^line 4, direction: Invalid option/),
      '3 lines: 1 could be taken, 0 already there, 2 could not. Nothing was written.',
      '',
    ])
    expect(stderr).toBe(
      '1 of 3 lines tell no time (started_at, created_at): their calls are taken for calls of this moment.\n',
    )
    expect(code).toBe(1)
    expect(await service.sql('select count(*) from calls')).toEqual(before)
    expect((await readdir(folder)).filter((name) => name.startsWith('dry'))).toEqual(['dry.csv'])
    const machines = JSON.parse((await run(['import', 'calls', file, '--dry-run', '--json'])).stdout)
    expect(machines).toMatchObject({ created: 1, rejected: 2, rejected_file: null })
    expect(machines.faults).toHaveLength(5)
    expect(machines.faults[0]).toEqual({ line: 2, column: 'started_at', reason: expect.any(String) })
  })

  it('shows what a stranger wrote, and does not let a terminal obey it', async () => {
    const file = await fileOf('escape.csv', 'id,name,\u001bteléfono\n1,Ana,1E+5 \u001b[2J\n')
    expect((await run(['import', 'contacts', file, '--dry-run'])).stdout).toContain(
      'line 2, \\u001bteléfono: 1E+5 \\u001b[2J is a number that Excel has shortened',
    )
    const twice = await fileOf('escape2.csv', 'id,\u001b[2J,\u001b[2J\n1,2,3\n')
    const { stderr } = await run(['import', 'contacts', twice])
    expect(stderr).toBe(`${twice} has two columns that are called "\\u001b[2J". Rename one of them.\n`)
  })

  it('writes nothing of what could be taken', async () => {
    const { old, contactId } = await leadOf()
    const contacts = await fileOf('dry-c.csv', 'id,name\ndry-1,Ana\n')
    const calls = await fileOf('dry-k.csv', `contacto,direction,started_at\n${old},outbound,2025-01-01T10:00:00Z\n`)
    expect((await run(['import', 'contacts', contacts, '--dry-run'])).stdout).toMatch('1 line: 1 could be taken')
    expect((await run(['import', 'calls', calls, '--dry-run'])).stdout).toMatch('1 line: 1 could be taken')
    expect(await numbersOf(contactId)).toEqual([])
    expect((await service.request('GET', `/api/crm/contacts/${idFor('contacts', 'dry-1')}`)).status).toBe(404)
  })
})

describe('a file that would be taken wrongly is not taken at all', () => {
  it('because its dates have the month first', async () => {
    const { old } = await leadOf()
    const file = await fileOf(
      'month.csv',
      `contacto,direction,fecha\n${old},outbound,02/01/2025 10:00\n${old},outbound,1/29/2025 10:00\n`,
    )
    expect(await run(['import', 'calls', file])).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'The column "fecha" has dates with the month first (line 3: 1/29/2025 10:00), so that 02/01/2025 could be either day. ' +
        'Write them as 2025-01-02 10:00. Nothing was written.\n',
    })
    expect(await service.sql(`select from calls where entity_id = '${idFor('contacts', old)}'`)).toEqual([])
    for (const cell of ['="1/29/2025 10:00"', '10:00 1/29/2025']) {
      const hidden = `contacto,direction,fecha\n${old},outbound,="02/01/2025"\n${old},outbound,${cell}\n`
      const { stderr } = await run(['import', 'calls', await fileOf('month-hidden.csv', hidden)])
      expect(stderr).toContain('The column "fecha" has dates with the month first (line 3: ')
    }
  })

  it('because its calls would be taken in another order than they took place, unless that is wanted', async () => {
    const { old, contactId } = await leadOf()
    const calls = Array.from({ length: 6 }, (_, place) => ({
      id: `${old} ${6 - place}`,
      contact_id: old,
      direction: 'outbound',
      started_at: `2025-01-0${6 - place} 10:00`,
    }))
    const file = await fileOf('order.jsonl', calls)
    const refused = await run(['import', 'calls', file])
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(
      /^Of 1 contacts? the calls are not in the order of time\. .* Sort the file by started_at, the oldest first\. \(--unsorted/,
    )
    expect(await numbersOf(contactId)).toEqual([])
    await run(['import', 'calls', file, '--unsorted'])
    expect(await numbersOf(contactId)).toMatchObject(
      [2, 3, 4, 5, 6].map((day) => ({ call_id: idFor('calls', `${old} ${day}`) })),
    )

    // (control) Sorted, the first five are the attempts; and up to five calls the order does not matter.
    const other = await leadOf()
    const ofOther = (call: (typeof calls)[number]) => ({ ...call, id: `${call.id} o`, contact_id: other.old })
    const sorted = await fileOf('sorted.jsonl', calls.toReversed().map(ofOther))
    expect((await run(['import', 'calls', sorted])).code).toBe(0)
    expect(await numbersOf(other.contactId)).toMatchObject(
      [1, 2, 3, 4, 5].map((day) => ({ call_id: idFor('calls', `${old} ${day} o`) })),
    )
    const third = await leadOf()
    const few = await fileOf(
      'few.jsonl',
      calls.slice(1).map((call) => ({ ...call, id: `${call.id} t`, contact_id: third.old })),
    )
    expect((await run(['import', 'calls', few])).code).toBe(0)
  })

  it('because a quote is not closed: not even the lines before it are written', async () => {
    const file = await fileOf('quote.csv', 'id,name\nq1,Ana\nq2,"Eva\nq3,Luz\n')
    expect(await run(['import', 'contacts', file])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('line 3: a cell there'),
    })
    expect((await service.request('GET', `/api/crm/contacts/${idFor('contacts', 'q1')}`)).status).toBe(404)
  })
})

describe('hostile cells', () => {
  it('are refused line by line, or kept as they are', async () => {
    const lead = await leadOf()
    const line = (fields: object) => ({
      direction: 'outbound',
      contact_id: lead.old,
      started_at: '2025-01-01T10:00:00Z',
      ...fields,
    })
    const file = await fileOf('hostile.jsonl', [
      line({ resumen_llamada: 'a\u0000b' }),
      line({ resumen_llamada: '\ud800' }),
      line({ resumen_llamada: 'x'.repeat(20_001) }),
      line({ resumen_llamada: `=cmd|'/c calc'!A1` }),
      line({ direction: { $ne: 1 } }),
      line({ contact_id: ['a'] }),
      line({ duration_seconds: 1e300 }),
      line({ started_at: '0000-00-00 00:00:00' }),
    ])
    const { stdout } = await run(['import', 'calls', file, '--dry-run'])
    const told = stdout.split('\n').filter((text) => text.startsWith('line'))
    expect([...new Set(told.map((text) => text.split(':')[0]))]).toEqual([
      'line 1, resumen_llamada',
      'line 2, resumen_llamada',
      'line 3, resumen_llamada',
      'line 5, direction',
      'line 6, contact_id',
      'line 7, duration_seconds',
      'line 8, started_at',
    ])
    expect((await run(['import', 'calls', file])).stdout).toMatch('8 lines: 1 created, 0 already there, 7 rejected.')
    expect(await numbersOf(lead.contactId)).toMatchObject([{ notes: `=cmd|'/c calc'!A1` }])
  })
})

describe('ended early', () => {
  it('in order by Ctrl-C, it says how to go on; the same command does the rest', async () => {
    const names = Array.from({ length: 3_000 }, (_, place) => `early-${place},Early ${place}`)
    const file = await fileOf('early.csv', `id,name\n${names.join('\n')}\n,\nbad,\n`)
    const ending = new AbortController()
    const running = run(['import', 'contacts', file], { isWatched: true, signal: ending.signal })
    while ((await service.sql(`select from contacts where name like 'Early %' limit 1`)).length === 0);
    ending.abort()
    const { stdout, stderr } = await running
    expect(stderr).toContain('Ended before the last line. The same command again goes on.')
    const [, created = '0'] = /: (\d+) created/.exec(stdout) ?? []
    expect(Number(created)).toBeGreaterThan(0)
    expect(Number(created)).toBeLessThan(3_000)
    const rest = await run(['import', 'contacts', file])
    expect(rest.stdout).toMatch(`3001 lines: ${3_000 - Number(created)} created, ${created} already there, 1 rejected.`)
  })
})

it('beside live traffic every call is an attempt once', async () => {
  const { old, contactId } = await leadOf()
  const lines = Array.from({ length: 3 }, (_, day) => ({
    id: `live-${day}`,
    contact_id: old,
    direction: 'outbound',
    started_at: `2025-01-0${day + 1} 10:00`,
  }))
  const file = await fileOf('live.jsonl', lines)
  const posts = Array.from({ length: 4 }, () =>
    service.request('POST', '/api/crm/calls', callTo({ contactId, opportunityId: '' })),
  )
  const both = [run(['import', 'calls', file]), run(['import', 'calls', file])]
  await Promise.all([...posts, ...both])
  const attempts = (await numbersOf(contactId)) as { call_id: string }[]
  expect(attempts).toHaveLength(5)
  expect(new Set(attempts.map(({ call_id }) => call_id)).size).toBe(5)
  const counts = await Promise.all(both.map(async (ended) => Number(/: (\d+) created/.exec((await ended).stdout)?.[1])))
  expect(counts.reduce((sum, count) => sum + count)).toBe(3)
})
