import type { Page } from 'playwright-core'
import { beforeEach, expect, it } from 'vitest'
import { queueOf, shown } from './call-now-queue.ts'
import { useStage } from './stage.ts'
import { useVisits } from './visits.ts'

/* Who has which lead: several people, several windows of one person, and for how long. */

const stage = useStage(async () => ({ zadarma: { key: null } }))
const open = useVisits(stage)
const queue = queueOf(stage)
beforeEach(() => queue.empty())

const headingOf = (page: Page) => page.getByRole('heading', { level: 1 }).textContent()
const names = async () => (await queue.claims()).map(({ name }) => name)

it('two windows of one person have a lead each, and one that is closed lets go of its own', async () => {
  for (const name of ['F', 'E', 'D', 'C', 'B', 'A']) await queue.lead(name)
  const { page: left, context, faults } = await open('agent')
  const right = await context.newPage()
  await Promise.all([left, right].map((page) => page.goto('/call')))
  for (let round = 0; round < 2; round++) {
    await Promise.all([left, right].map((page) => page.getByRole('button', { name: 'Spoke' }).waitFor()))
    const seen = await Promise.all([left, right].map(headingOf))
    expect(new Set(seen).size).toBe(2)
    expect(await names()).toEqual(seen.sort())
    if (round === 1) break
    await Promise.all([left, right].map((page) => page.keyboard.press('2')))
    await Promise.all([left, right].map((page) => page.getByText('Attempt 1.').waitFor()))
  }
  const stays = await headingOf(left)
  const gone = right.waitForResponse((one) => one.request().method() === 'DELETE')
  await right.getByRole('link', { name: 'Leads' }).first().click()
  expect((await gone).status()).toBe(204)
  expect(await names()).toEqual([stays])
  expect(faults).toEqual([])
})

it('a lead that is open in two windows is said to be, and is had in one of them', async () => {
  for (const name of ['Second', 'First']) await queue.lead(name)
  const { page: left, context, faults } = await open('agent')
  await left.clock.install()
  await left.goto('/call')
  await shown(left, 'First')
  await left.getByLabel('Notes').fill('asks for an offer')
  const right = await context.newPage()
  await right.goto(left.url())
  await right.getByText('You have this lead open in another window').waitFor()
  expect(await names()).toEqual(['First'])
  await right.getByRole('button', { name: 'Have it here' }).click()
  await shown(right, 'First')
  await left.clock.fastForward('06:00')
  await left.getByText('You have opened it in another window.').waitFor()
  expect(await left.getByLabel('Notes').inputValue()).toBe('asks for an offer')
  await left.getByRole('button', { name: 'Next lead' }).click()
  await shown(left, 'Second')
  expect(await names()).toEqual(['First', 'Second'])
  expect(faults).toEqual([])
})

it('a lead is kept while the page is in the background; lost, it stays with what was written', async () => {
  for (const name of ['Second', 'First']) await queue.lead(name)
  const { page, faults } = await open('agent')
  await page.clock.install()
  await page.addInitScript(`Object.defineProperty(document, 'hidden', { get: () => true })`)
  await page.goto('/call')
  await shown(page, 'First')
  await page.getByLabel('Notes').fill('spoke for twenty minutes')
  await page.getByLabel('Notes').press('Escape')
  await stage.service.sql("update claims set claimed_until = now() + interval '1 second'")
  const renewed = page.waitForResponse((one) => one.url().endsWith('/queue/claim'))
  await page.clock.fastForward('06:00')
  expect((await renewed).status()).toBe(200)
  const [claim] = await stage.service.sql("select claimed_until > now() + interval '14 minutes' as lasts from claims")
  expect(claim).toEqual({ lasts: true })

  await stage.service.sql("update claims set owner = 'user:eva', name = 'Eva'")
  await page.clock.fastForward('06:00')
  await page.getByRole('alert').getByText('Eva is calling this lead').waitFor()
  await page.keyboard.press('1')
  expect(await page.getByLabel('Notes').inputValue()).toBe('spoke for twenty minutes')
  expect(await queue.calls()).toEqual([])
  if (process.env.SHOTS !== undefined) await page.screenshot({ path: `${process.env.SHOTS}/lost.png`, fullPage: true })
  await page.getByRole('button', { name: 'Save my notes as a call by hand' }).click()
  await page.keyboard.press('1')
  await shown(page, 'Second')
  expect(await queue.calls()).toMatchObject([
    { name: 'First', call_status: 'answered', notes: 'spoke for twenty minutes' },
  ])
  expect(faults).toEqual([])
})

it('what others change of the lead shows within a second, and what is typed stays', async () => {
  const { id, contactId } = await queue.lead('Ana')
  const { page, faults } = await open('agent')
  const hears = page.waitForResponse('**/api/events*')
  await page.goto('/call')
  await shown(page, 'Ana')
  await hears
  await page.getByLabel('Notes').click()
  await page.keyboard.type('half a sen')
  const { service } = stage
  const soon = { timeout: 1_500 }
  await service.request('PATCH', `/api/crm/contacts/${contactId}`, { name: 'Ana María', phones: ['+34600999888'] })
  await page.getByRole('heading', { name: 'Ana María' }).waitFor(soon)
  await page.getByText('+34 600 99 98 88').or(page.getByText('+34 600 999 888')).waitFor(soon)
  await service.request('PATCH', `/api/crm/opportunities/${id}`, { status: 'assigned' })
  await page.getByText('· assigned').waitFor(soon)
  const call = { direction: 'outbound', entity_type: 'contacts', entity_id: contactId, call_status: 'busy' }
  await service.request('POST', '/api/crm/calls', { ...call, resumen_llamada: 'a colleague has called' })
  await page.getByText('a colleague has called').waitFor()
  await page.keyboard.type('tence')
  expect(await page.getByLabel('Notes').inputValue()).toBe('half a sentence')
  expect(faults).toEqual([])
})

it('who waits with nobody to call has a new lead at once', async () => {
  const { page, faults } = await open('agent')
  const hears = page.waitForResponse('**/api/events*')
  await page.goto('/call')
  await page.getByRole('heading', { name: 'Nobody to call now' }).waitFor()
  await hears
  await queue.lead('New')
  await page.getByRole('heading', { name: 'New' }).waitFor({ timeout: 5_000 })
  expect(faults).toEqual([])
})
