import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Browser, enter, loggedIn } from './people.ts'
import { createTestDatabase, createTestService, type TestDatabase, type TestService } from './service.ts'
import { callTo } from './stage.ts'

/* S1 at a browser: an agent who is logged in sees what is theirs and what is nobody's, and works with that. */

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

/** A contact with an opportunity of that person, and an attempt. */
async function lead(assigned_to: string | null) {
  const contact = (await service.request('POST', '/api/crm/contacts', { name: `Of ${assigned_to}` })).body
  const opportunity = (await service.request('POST', '/api/crm/opportunities', { contact_id: contact.id, assigned_to }))
    .body
  const place = { contactId: contact.id, opportunityId: opportunity.id }
  const call = (await service.request('POST', '/api/crm/calls', callTo(place))).body
  expect(call.attempt).toMatchObject({ outcome: 'registered', opportunity_id: opportunity.id })
  return { contact, opportunity, call, place }
}

type Lead = Awaited<ReturnType<typeof lead>>

const addressesOf = ({ contact, opportunity, call }: Lead) => [
  `/api/crm/contacts/${contact.id}`,
  `/api/crm/opportunities/${opportunity.id}`,
  `/api/crm/opportunities/${opportunity.id}/history`,
  `/api/crm/calls/${call.id}`,
  `/api/crm/calls/${call.id}/history`,
]

const snapshot = () =>
  service.sql(`select (select json_agg(c order by id) from contacts c) contacts,
    (select json_agg(c order by id) from calls c) calls, (select json_agg(o order by id) from lead_opportunities o) leads`)

async function listed(browser: Browser, kind: string): Promise<string[]> {
  const { status, body } = await browser.get(`/api/crm/${kind}`)
  expect(status).toBe(200)
  return body.data.map(({ id }: { id: string }) => id).sort()
}

it('an agent sees and changes, by their cookie, what is assigned to their id or to nobody', async () => {
  const { person: ana, browser } = await loggedIn(service, { role: 'agent' })
  const { person: luis, browser: atLuis } = await loggedIn(service, { role: 'agent' })
  const [own, theirs, free] = [await lead(ana.id), await lead(luis.id), await lead(null)]
  const seen = [own, free]

  for (const address of seen.flatMap(addressesOf)) expect((await browser.get(address)).status, address).toBe(200)
  for (const address of addressesOf(theirs)) {
    expect((await browser.get(address)).status, address).toBe(404)
    expect((await atLuis.get(address)).status, address).toBe(200)
  }
  expect(await listed(browser, 'contacts')).toEqual(seen.map(({ contact }) => contact.id).sort())
  expect(await listed(browser, 'opportunities')).toEqual(seen.map(({ opportunity }) => opportunity.id).sort())
  expect(await listed(browser, 'calls')).toEqual(seen.map(({ call }) => call.id).sort())

  for (const { contact, opportunity, call, place } of seen) {
    const made = await browser.post('/api/crm/calls', callTo(place, { call_status: 'busy' }))
    expect(made).toMatchObject({ status: 201, body: { attempt: { outcome: 'registered', number: 2 } } })
    const writes = [
      await browser.send('PATCH', `/api/crm/contacts/${contact.id}`, { name: 'Eva' }),
      await browser.send('PATCH', `/api/crm/opportunities/${opportunity.id}`, { assigned_to: ana.id }),
      await browser.send('PATCH', `/api/crm/calls/${call.id}`, { resumen_llamada: 'Llamar el lunes' }),
    ]
    expect(writes.map(({ status }) => status)).toEqual([200, 200, 200])
  }

  const before = await snapshot()
  const refused = [
    await browser.post('/api/crm/calls', callTo(theirs.place)),
    await browser.send('PATCH', `/api/crm/contacts/${theirs.contact.id}`, { name: 'Mine' }),
    await browser.send('PATCH', `/api/crm/opportunities/${theirs.opportunity.id}`, { assigned_to: ana.id }),
    await browser.send('PATCH', `/api/crm/calls/${theirs.call.id}`, { call_status: 'answered' }),
    await browser.send('DELETE', `/api/crm/calls/${theirs.call.id}`),
  ]
  expect(refused.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404])
  const given = await browser.send('PATCH', `/api/crm/opportunities/${own.opportunity.id}`, { assigned_to: luis.id })
  expect(given.status).toBe(403)
  expect(await snapshot()).toEqual(before)
})

it('and with another role sees what that role sees, logged in anew', async () => {
  const { person, browser } = await loggedIn(service, { role: 'agent' })
  const theirs = await lead('somebody else')
  const address = `/api/crm/opportunities/${theirs.opportunity.id}`
  expect((await browser.get(address)).status).toBe(404)
  await service.request('PATCH', `/api/admin/users/${person.id}`, { role: 'viewer' })
  await expect.poll(async () => (await browser.get(address)).status).toBe(401)
  await enter(service, browser, person)
  expect((await browser.get(address)).status).toBe(200)
  expect((await browser.send('PATCH', address, { title: 'x' })).status).toBe(403)
})
