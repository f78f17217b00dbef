import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { afterEach, expect, inject, it } from 'vitest'
import { type Database, openDatabase } from '../src/database/database.ts'
import { isMigrated, migrate } from '../src/database/migrate.ts'
import { migrateAsOwner } from '../src/database/owner.ts'
import { connectionTo, withAdmin } from './postgres.ts'
import { createTestService } from './service.ts'
import { callTo, newLead, post } from './stage.ts'

/* S10: with an owner of its own, the service's role cannot alter the audit. */

const migrations = path.resolve(import.meta.dirname, '../migrations')
const cleanUp: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

/** An empty database of an owner, and another role that may connect to it. */
async function databaseOfTwo() {
  const server = inject('server')
  const name = `two_${randomUUID().replaceAll('-', '').slice(0, 12)}`
  const [owner, role] = [`${name}_owner`, `${name}_service`]
  const password = randomUUID()
  await withAdmin(server, async (client) => {
    for (const one of [owner, role]) await client.query(`create role ${one} login password '${password}'`)
    await client.query(`create database ${name} template template0 owner ${owner}`)
  })
  cleanUp.push(() =>
    withAdmin(server, async (client) => {
      await client.query(`drop database ${name} with (force)`)
      for (const one of [role, owner]) await client.query(`drop role ${one}`)
    }),
  )
  const connection = (user: string) => connectionTo({ ...server, user, password }, name)
  return { owner: connection(owner), service: connection(role), names: { owner, role } }
}

function open(connection: Parameters<typeof openDatabase>[0]['connection']): Database {
  const database = openDatabase({ connection, hasPooler: false, onIdleError: () => undefined })
  cleanUp.push(() => database.close())
  return database
}

it('the service works as a role that can read the audit and add to it, and nothing else', async () => {
  const { owner, service: connection } = await databaseOfTwo()
  const database = open(connection)
  await migrateAsOwner(owner, database, migrations)
  await migrateAsOwner(owner, database, migrations)
  expect(await isMigrated(database.general, migrations)).toBe(true)

  const service = await createTestService({ connection })
  cleanUp.push(() => service.close())
  const lead = await newLead(service)
  const { body } = await post(service, callTo(lead, { phone_number: '+34612345678' }))
  expect(body.attempt.outcome).toBe('registered')
  await service.request('POST', '/api/crm/contacts', { name: 'Ana' })
  const { body: history } = await service.request('GET', `/api/crm/calls/${body.id}/history`)
  expect(history.data).toHaveLength(1)
  // Erasing empties it.
  const erased = await service.request('DELETE', `/api/crm/contacts/${lead.contactId}?erase=true`)
  expect(erased.status).toBe(204)
  const { body: emptied } = await service.request('GET', `/api/crm/calls/${body.id}/history`)
  expect(emptied.data[0].withheld).toEqual(['phone_number'])

  const denied = { code: '42501', message: expect.stringMatching(/permission denied|must be owner/) }
  for (const statement of [
    "update audit set who = 'nobody'",
    'delete from audit',
    'truncate audit',
    'drop trigger refuse_change_of_audit on audit',
    'alter table audit disable trigger all',
    'drop table audit',
    'drop function refuse_change_of_audit() cascade',
    'delete from schema_migrations',
    'create or replace function refuse_change_of_audit() returns trigger language plpgsql as $$ begin return new; end $$',
  ]) {
    await expect(service.sql(statement), statement).rejects.toMatchObject(denied)
  }
  await expect(service.sql('set session_replication_role = replica')).rejects.toMatchObject({ code: '42501' })
})

it('(control) a role that owns the tables could, and so is refused with a sentence', async () => {
  const { owner, service: connection, names } = await databaseOfTwo()
  const database = open(owner)
  await migrate(database.patient, migrations)
  await database.general.query('alter table audit disable trigger all; delete from audit')
  await expect(migrateAsOwner(owner, database, migrations)).rejects.toThrow(
    `The role ${names.owner} of DATABASE_URL could alter the audit, although MIGRATION_DATABASE_URL is set`,
  )
  // One that may become the owner is no better.
  await withAdmin(inject('server'), (client) => client.query(`grant ${names.owner} to ${names.role}`))
  await expect(migrateAsOwner(owner, open(connection), migrations)).rejects.toThrow(`The role ${names.role}`)
})
