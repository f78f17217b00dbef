import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, inject, it } from 'vitest'
import { expectLikeModel } from './compare.ts'
import { tellFigures } from './figures.ts'
import { at, between, makeLeads, oldCall, opportunityOf, START, stateOf, syncAll } from './history.ts'
import { Model } from './model.ts'
import { urlTo } from './postgres.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'
import { drain } from './stage.ts'

/* R15: a sync that is killed, and one beside live traffic. */

/** Short here; more by `npm run chaos`. */
const KILLS = Number(process.env.R15_KILLS ?? 3)
const LEADS = Number(process.env.R15_LEADS ?? 24)

async function onOwnDatabase(act: (service: TestService, database: TestDatabase) => Promise<void>): Promise<void> {
  const database = await createTestDatabase()
  const service = await createTestService(database)
  try {
    await act(service, database)
  } finally {
    await service.close()
    await database.drop()
  }
}

const seenIn = async (service: TestService): Promise<number> => {
  const [row] = await service.sql<{ seen: number }>('select coalesce(max(seen), 0)::int as seen from sync_runs')
  return row?.seen ?? 0
}

/** Runs the command until it has gone through some more calls, then kills it; true where it was done before. */
async function killedSync(service: TestService, url: string): Promise<boolean> {
  const before = await seenIn(service)
  const more = 1 + Math.floor(Math.random() * 12)
  const command = spawn(process.execPath, [path.join(inject('built'), 'dist/cli.js'), 'sync', '--batch', '4'], {
    env: { PATH: process.env.PATH, DATABASE_URL: url },
    stdio: 'ignore',
  })
  const ended = once(command, 'close')
  while (command.exitCode === null && (await seenIn(service)) < before + more) await pause(1)
  command.kill('SIGKILL')
  const [code] = await ended
  await service.sql(`update sync_runs set due_at = now() - interval '1 second' where due_at is not null`)
  return code === 0
}

it(
  `R15: ${KILLS} kills of the command, which goes on each time, come to the state of one clean run`,
  async () => {
    let clean: unknown
    await onOwnDatabase(async (service) => {
      await makeLeads(service, KILLS * LEADS, 17)
      await syncAll(service.database)
      clean = await stateOf(service)
    })
    await onOwnDatabase(async (service, database) => {
      await makeLeads(service, KILLS * LEADS, 17)
      const raw = await stateOf(service)
      for (let kill = 0; kill < KILLS; kill++) expect(await killedSync(service, urlTo(database.connection))).toBe(false)
      const half = await stateOf(service)
      tellFigures('R15', `${KILLS} kills of the command, after ${await seenIn(service)} calls in all`)
      // Control: what the kills have left is neither nothing nor all.
      expect(half).not.toEqual(raw)
      expect(half).not.toEqual(clean)
      const runs = await service.sql('select id from sync_runs')
      expect(runs).toHaveLength(1)
      const command = spawn(process.execPath, [path.join(inject('built'), 'dist/cli.js'), 'sync'], {
        env: { PATH: process.env.PATH, DATABASE_URL: urlTo(database.connection) },
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      let told = ''
      command.stderr.on('data', (text) => {
        told += text
      })
      const [code] = await once(command, 'close')
      expect({ code, told }).toEqual({
        code: 0,
        told: expect.stringMatching(/^Goes on with the sync \S+, which ended after \d+ calls\.\n$/),
      })
      expect(await stateOf(service)).toEqual(clean)
    })
  },
  KILLS * 20_000 + 40_000,
)

/** Leads whose calls are few, and none of them green, so that any order of what happens comes to the same. */
interface Lead {
  contactId: string
  opportunityId: string
  old: string[]
}

/**
 * A sync goes through leads, and while it has read of a lead but not yet written, writers make, change and delete calls
 * of it: of every other lead all of that comes before it writes. A chunk is a lead.
 *
 * @param mutate what is wrong with its statements; null where nothing is
 */
async function besideTraffic(service: TestService, mutate: ((text: string) => string) | null) {
  const model = new Model()
  const leads: Lead[] = []
  const callIds: string[] = []
  const base = { direction: 'outbound' as const, entity_type: 'contacts', call_status: 'no_answer' }
  const times = (minute: number) => ({ started_at: START + minute * 60_000, created_at: START + minute * 60_000 })
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      const contactId = randomUUID()
      const old: string[] = []
      for (const minute of [-1, 1, 2]) {
        const id = randomUUID()
        await oldCall(service, contactId, minute, { id, created_at: at(minute) })
        model.createCall({ id, ...base, entity_id: contactId, ...times(minute) })
        old.push(id)
      }
      const opportunityId = await opportunityOf(service, contactId, 0)
      model.createOpportunity({ id: opportunityId, contact_id: contactId, created_at: START })
      leads.push({ contactId, opportunityId, old })
      callIds.push(...old)
    }),
  )
  const traffic = new Map<string, Promise<unknown>>()
  const writeAbout = ({ contactId, old: [, changed = '', gone = ''] }: Lead, isGone: boolean): Promise<unknown> => {
    const id = randomUUID()
    callIds.push(id)
    const changes = { call_status: 'rejected', call_result: 'No.' }
    model.createCall({ id, ...base, entity_id: contactId, ...times(10) })
    model.updateCall(changed, changes)
    if (isGone) model.deleteCall(gone)
    return Promise.all([
      oldCall(service, contactId, 10, { id, created_at: at(10) }),
      service.request('PATCH', `/api/crm/calls/${changed}`, changes),
      isGone ? service.request('DELETE', `/api/crm/calls/${gone}`) : null,
    ])
  }
  const amid = between(service.database, async ({ name, text, values }, ask) => {
    const answer = await ask(mutate?.(text) ?? text)
    if (name !== 'read_unheld') return answer
    for (const [place, lead] of leads.entries()) {
      if (!String(values[0]).includes(lead.contactId) || traffic.has(lead.contactId)) continue
      const isFirst = place % 2 === 0
      // What is left of a deleted call is refused by the database itself, and then everything is read again.
      traffic.set(lead.contactId, writeAbout(lead, !isFirst))
      if (isFirst) await traffic.get(lead.contactId)
    }
    return answer
  })
  // One that is wrong may run into the checks of the database.
  await syncAll(amid, { batch: 3 }, mutate === null ? undefined : () => undefined)
  expect(traffic.size).toBe(leads.length)
  await Promise.all(traffic.values())
  await drain(service)
  await syncAll(service.database)
  model.syncHistory()
  return { model, ids: { callIds, opportunityIds: leads.map(({ opportunityId }) => opportunityId) } }
}

it('R15: beside live traffic of several writers, there is no difference from the naive model', async () => {
  await onOwnDatabase(async (service) => {
    const { model, ids } = await besideTraffic(service, null)
    await expectLikeModel(service, model, ids)
  })
})

it('control: a sync that does not look whether what it read still holds differs from it', async () => {
  await onOwnDatabase(async (service) => {
    const { model, ids } = await besideTraffic(service, (text) =>
      text.replaceAll('(id, read_revision) not in (select id, revision from', 'id not in (select id from'),
    )
    await expect(expectLikeModel(service, model, ids)).rejects.toThrow()
  })
})
