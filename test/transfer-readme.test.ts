import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { expect, it } from 'vitest'
import { commandLineOn } from './command-line.ts'
import { createTestDatabase, createTestService } from './service.ts'

/* An existing CRM, with the tables and the columns that it has, comes in by the commands of the READMEs. */

const OLDER = `
create schema older;
create table older.contacts (id uuid primary key, name varchar(120), phone varchar(40), email varchar(120));
create table older.lead_opportunities (
  id uuid primary key default gen_random_uuid(), contact_id uuid not null, status varchar(20) not null,
  first_call_attempts jsonb, first_call_completed boolean not null default false, first_call_successful_attempt integer,
  last_contact_attempt_at timestamptz, created_at timestamptz not null default now(), updated_at timestamptz);
create table older.calls (
  id uuid primary key, entity_type varchar(20), entity_id uuid, direction varchar(10) not null, call_status varchar(20),
  call_result text, resumen_llamada text, started_at timestamptz, created_at timestamptz not null default now());
insert into older.contacts values
  ('00000000-0000-4000-8000-000000000001', 'Ana "la" García, S.L.', '612 345 678', 'ana@example.com'),
  ('00000000-0000-4000-8000-000000000002', 'Luis', null, null);
-- As the older code wrote it: one attempt whose call is there, one whose call is gone.
insert into older.lead_opportunities (contact_id, created_at, status, first_call_attempts) values
  ('00000000-0000-4000-8000-000000000001', '2025-01-01 10:00+00', 'contacted', '{
    "1": {"status": "orange", "call_id": "00000000-0000-4000-9000-0000000000aa", "attempted_at": "2025-01-20T10:00:00+00:00", "notes": ""},
    "2": {"status": "orange", "call_id": "00000000-0000-4000-9000-000000000001", "attempted_at": "2025-01-29T10:00:00", "notes": "No contestó"}}'),
  ('00000000-0000-4000-8000-000000000002', '2025-01-02 10:00+00', 'pending', null);
insert into older.calls (id, entity_type, entity_id, direction, call_status, resumen_llamada, started_at)
select ('00000000-0000-4000-9000-00000000000' || n)::uuid, 'contacts',
  ('00000000-0000-4000-8000-00000000000' || 2 - n % 2)::uuid, case when n = 9 then 'inbound' else 'outbound' end,
  case when n = 7 then 'completed' else 'no_answer' end, case when n = 3 then E'una,\\n"otra"' end,
  timestamptz '2025-01-29 10:00:00.5+00' + (n - 1) * interval '1 day'
from generate_series(9, 1, -1) n;`

/** What `\\copy (…) to '…' csv header` of psql writes. */
async function copied(client: pg.Client, query: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  const { connection } = client as unknown as { connection: NodeJS.EventEmitter }
  const onData = ({ chunk }: { chunk: Buffer }) => void chunks.push(Buffer.from(chunk))
  connection.on('copyData', onData)
  await client.query(`copy ${query} to stdout csv header`)
  connection.off('copyData', onData)
  return Buffer.concat(chunks)
}

it.each(['README.md', 'README.es.md'])('the commands of %s bring in a CRM with its attempts', async (readme) => {
  const text = await readFile(path.resolve(import.meta.dirname, '..', readme), 'utf8')
  const [, session = ''] = /```sh\n(psql .*?)```/s.exec(text) ?? []
  const folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-readme-'))
  const database = await createTestDatabase()
  const service = await createTestService(database)
  const client = new pg.Client(database.connection)
  await client.connect()
  try {
    await client.query(OLDER)
    await client.query('set search_path = older')
    for (const [, query = '', name = ''] of session.matchAll(/^\\copy (\(.*\)) to '(\S+)' csv header$/gm)) {
      await writeFile(path.join(folder, name), await copied(client, query))
    }
    const run = commandLineOn(database, path.join(folder, 'data'))
    const printed: string[] = []
    for (const [, command = ''] of session.matchAll(/^npx first-call (.*)$/gm)) {
      const args = command.split(' ').map((word) => (word.endsWith('.csv') ? path.join(folder, word) : word))
      const { code, stdout } = await run(args)
      expect({ command, code, stdout }).toMatchObject({ code: 0 })
      printed.push(stdout)
    }
    expect(printed).toEqual([
      '2 lines: 2 created, 0 already there, 0 rejected.\n',
      '2 lines: 2 created, 0 already there, 0 rejected.\n',
      '9 lines: 9 could be taken, 0 already there, 0 could not. Nothing was written.\n',
      '9 lines: 9 created, 0 already there, 0 rejected.\nOf the calls created: 8 registered, 1 not_outbound.\n',
    ])
    const { body } = await service.request('GET', '/api/crm/opportunities?sort=created_at')
    const numbers = body.data.map(({ first_call_attempts }: { first_call_attempts: object }) =>
      Object.values(first_call_attempts).map(({ call_id, status, attempted_at }) => [
        call_id.slice(-2),
        status,
        attempted_at,
      ]),
    )
    expect(numbers).toEqual([
      [
        ['aa', 'orange', '2025-01-20T10:00:00Z'],
        ['01', 'orange', '2025-01-29T10:00:00.500Z'],
        ['03', 'orange', '2025-01-31T10:00:00.500Z'],
        ['05', 'orange', '2025-02-02T10:00:00.500Z'],
        ['07', 'green', '2025-02-04T10:00:00.500Z'],
      ],
      [2, 4, 6, 8].map((call) => [
        `0${call}`,
        'orange',
        `2025-${['01-30', '02-01', '02-03', '02-05'][call / 2 - 1]}T10:00:00.500Z`,
      ]),
    ])
    expect(body.data[0].first_call_attempts[3].notes).toBe('una,\n"otra"')
    expect(body.data[0]).toMatchObject({ first_call_completed: true, first_call_successful_attempt: 5 })
  } finally {
    await client.end()
    await service.close()
    await database.drop()
    await rm(folder, { recursive: true })
  }
})
