import type { Page } from 'playwright-core'
import { beforeEach, expect, it } from 'vitest'
import { heldBack, withoutTelephone } from './call-now-queue.ts'
import { useStage } from './stage.ts'
import { useVisits } from './visits.ts'

/* Without an account at Zadarma: numbers are called by the device. */

const stage = useStage(async () => ({ zadarma: { key: null } }))
const open = useVisits(stage)

beforeEach(() => stage.service.sql('truncate claims, calls, foreign_attempts, lead_opportunities, contacts cascade'))

let places = 0

async function lead(name: string, more: object = {}, contact: object = {}): Promise<string> {
  const person = await stage.service.request('POST', '/api/crm/contacts', {
    name,
    phones: [`+3460012${String(++places).padStart(4, '0')}`],
    timezone: 'America/Bogota',
    ...contact,
  })
  const { body } = await stage.service.request('POST', '/api/crm/opportunities', {
    contact_id: person.body.id,
    source: 'web',
    ...more,
  })
  return body.id
}

const shown = (page: Page, name: string) => page.getByRole('heading', { name, exact: true }).waitFor()

const attemptsOf = async (id: string) => {
  const { body } = await stage.service.request('GET', `/api/crm/opportunities/${id}`)
  return Object.values<{ status: string; notes: string }>(body.first_call_attempts).map(({ status, notes }) => ({
    status,
    notes,
  }))
}

it('an agent rings five leads by keyboard alone', async () => {
  const names = ['Ana', 'Berta', 'Carla', 'Dora', 'Elena'].map((name) => `${name} Fernández López`)
  const ids: string[] = []
  for (const name of [...names].reverse()) ids.unshift(await lead(name))
  const { page, faults } = await open('agent')
  await withoutTelephone(page)
  await page.goto('/call')
  for (const [place, name] of names.entries()) {
    await shown(page, name)
    if (place === 0) await page.getByText('5 to call').waitFor()
    await page.keyboard.press('c')
    if (place < 2) {
      await page.keyboard.press('w')
      await page.keyboard.type(`note ${place + 1}`)
      await page.keyboard.press('Escape')
    }
    await page.keyboard.press(String(place + 1))
  }
  await page.getByRole('heading', { name: 'Nobody to call now' }).waitFor()
  await page.getByText('The next one may be called again at').waitFor()
  expect(await Promise.all(ids.map(attemptsOf))).toEqual([
    [{ status: 'green', notes: 'note 1' }],
    [{ status: 'orange', notes: 'note 2' }],
    [{ status: 'orange', notes: '' }],
    [{ status: 'red', notes: '' }],
    [{ status: 'orange', notes: 'Wrong number' }],
  ])
  expect(await page.evaluate('window.rung.length')).toBe(5)
  expect(faults).toEqual([])
})

it('an outcome is taken back, with its notes; a key that is pressed twice is one call', async () => {
  const [second, first] = [await lead('Second'), await lead('First')]
  const { page, faults } = await open('agent')
  await page.goto('/call')
  await shown(page, 'First')
  await page.getByLabel('Notes').fill('call after ten')
  await page.getByLabel('Notes').press('Escape')
  await page.keyboard.press('2')
  await page.getByText('First: No answer. Attempt 1.').waitFor()
  await shown(page, 'Second')
  await page.keyboard.press('u')
  await shown(page, 'First')
  await page.getByText('First: taken back, and here again.').waitFor()
  expect(await page.getByLabel('Notes').inputValue()).toBe('call after ten')
  expect((await stage.service.request('GET', `/api/crm/opportunities/${first}`)).body).toMatchObject({
    status: 'pending',
    first_call_attempts: {},
  })
  await page.evaluate(`for (const key of ['1', '1', '1']) window.dispatchEvent(new KeyboardEvent('keydown', { key }))`)
  await shown(page, 'Second')
  expect(await Promise.all([first, second].map(attemptsOf))).toEqual([
    [{ status: 'green', notes: 'call after ten' }],
    [],
  ])
  expect(faults).toEqual([])
})

it('what cannot be taken back at first can be tried again; a lead that somebody else has by then is not said to be here', async () => {
  const [second, first] = [await lead('Second'), await lead('First')]
  const { page, faults } = await open('agent')
  await page.goto('/call')
  await shown(page, 'First')
  await page.keyboard.press('2')
  await page.getByText('First: No answer. Attempt 1.').waitFor()
  await shown(page, 'Second')
  await stage.service.request('POST', '/api/crm/queue/claim', { opportunity_id: first })
  await page.route('**/api/crm/calls/*', (route) => route.abort(), { times: 1 })
  await page.keyboard.press('u')
  await page.getByText('There is no answer. Are you connected?').waitFor()
  await page.keyboard.press('u')
  await page.getByText(/^First: taken back\. .+ is calling this lead, until/).waitFor()
  await shown(page, 'Second')
  expect(await Promise.all([first, second].map(attemptsOf))).toEqual([[], []])
  expect(faults).toEqual([])
})

it('an outcome that is touched while the focus stays in the notes does not wait for them', async () => {
  const [, first] = [await lead('Second'), await lead('First')]
  const { page, faults } = await open('agent')
  await page.goto('/call')
  await shown(page, 'First')
  await page.getByLabel('Notes').fill('call after ten')
  await page.getByRole('button', { name: 'Busy' }).dispatchEvent('click')
  await shown(page, 'Second')
  expect(await attemptsOf(first)).toEqual([{ status: 'orange', notes: 'call after ten' }])
  expect(faults).toEqual([])
})

it('who logs out while an outcome is being saved is logged out once it is, and keeps no lead', async () => {
  const [, first] = [await lead('Second'), await lead('First')]
  const { page, faults } = await open('agent')
  await page.goto('/call')
  await shown(page, 'First')
  const mayLeave = () => page.evaluate("dispatchEvent(new Event('beforeunload', { cancelable: true }))")
  expect(await mayLeave()).toBe(true)
  const { asked, letThrough } = await heldBack(page, '**/api/crm/calls', 'POST')
  await page.keyboard.press('2')
  await asked
  expect(await mayLeave()).toBe(false)
  await page.getByRole('button', { name: 'Ana García' }).click()
  await page.getByRole('menuitem', { name: 'Log out' }).click()
  letThrough()
  await page.waitForURL('**/log-in')
  expect(await attemptsOf(first)).toEqual([{ status: 'orange', notes: '' }])
  expect(await stage.service.sql('select owner from claims')).toEqual([])
  expect(faults).toEqual([])
})

it('an outcome that is not saved after its page was left is told there, and leads back to its lead', async () => {
  await lead('Ana Belén')
  const { page, faults } = await open('agent')
  await page.goto('/call')
  await shown(page, 'Ana Belén')
  const left = page.waitForURL('**/leads')
  const asked = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/calls'))
  await page.route('**/api/crm/calls', async (route) => {
    if (route.request().method() !== 'POST') return route.continue()
    await left
    await route.abort()
  })
  await page.keyboard.press('2')
  await asked
  await page.getByRole('link', { name: 'Leads', exact: true }).click()
  await page.getByRole('alert').getByText('It is not saved how the call to Ana Belén went').waitFor()
  if (process.env.SHOTS !== undefined) await page.screenshot({ path: `${process.env.SHOTS}/untold.png` })
  await page.getByRole('link', { name: 'Say it again' }).click()
  await shown(page, 'Ana Belén')
  expect(faults).toEqual([])
})

it('a lead that is skipped does not come back before the end; one that is open is shown again after a reload', async () => {
  for (const name of ['Third', 'Second', 'First']) await lead(name)
  const { page, faults } = await open('agent')
  await page.goto('/call')
  await shown(page, 'First')
  await page.keyboard.press('n')
  await shown(page, 'Second')
  await page.getByText('First: skipped.').waitFor()
  await page.reload()
  await shown(page, 'Second')
  await page.keyboard.press('n')
  await shown(page, 'Third')
  await page.keyboard.press('n')
  await shown(page, 'First')
  expect(faults).toEqual([])
})

it('two agents never see the same lead, and one who leaves lets go of his', async () => {
  for (const name of ['Delta', 'Gamma', 'Beta', 'Alpha']) await lead(name)
  const [ana, eva] = [await open('agent'), await open('agent')]
  const heading = async ({ page }: { page: Page }) =>
    (await page.getByRole('heading', { level: 1 }).textContent()) ?? ''
  await Promise.all([ana, eva].map(({ page }) => page.goto('/call')))
  for (let round = 0; round < 2; round++) {
    await Promise.all([ana, eva].map(({ page }) => page.getByRole('button', { name: 'Spoke' }).waitFor()))
    const names = await Promise.all([ana, eva].map(heading))
    expect(new Set(names).size, names.join()).toBe(2)
    if (round > 0) break
    await Promise.all([ana, eva].map(({ page }) => page.keyboard.press('2')))
    await Promise.all([ana, eva].map(({ page }) => page.getByText('Attempt 1.').waitFor()))
  }
  const left = await heading(ana)
  const released = ana.page.waitForResponse((response) => response.request().method() === 'DELETE')
  await ana.page.keyboard.press('g')
  await ana.page.keyboard.press('l')
  await ana.page.waitForURL('**/leads')
  expect((await released).status()).toBe(204)
  await eva.page.keyboard.press('n')
  await shown(eva.page, left)
  expect(await stage.service.sql('select owner from claims')).toEqual([{ owner: `user:${eva.userId}` }])
  expect([...ana.faults, ...eva.faults]).toEqual([])
})

it('a lead that somebody else has taken is told, and the next one shown', async () => {
  const [other, taken] = [await lead('Other'), await lead('Taken')]
  await stage.service.request('POST', '/api/crm/queue/claim', { opportunity_id: taken })
  const { page, faults } = await open('agent')
  await page.goto(`/call?lead=${taken}`)
  await shown(page, 'Other')
  await page.getByRole('status').getByText('is calling this lead').waitFor()
  expect(new URL(page.url()).searchParams.get('lead')).toBe(other)
  expect(faults).toEqual([])
})

it('what could not be saved is told, and saved once when it is tried again', async () => {
  const id = await lead('Ana')
  const { page, faults } = await open('agent')
  await page.goto('/call')
  await shown(page, 'Ana')
  let isLost = true
  await page.route('**/api/crm/calls', async (route) => {
    if (!isLost || route.request().method() !== 'POST') return route.continue()
    isLost = false
    await route.fetch()
    await route.abort()
  })
  await page.getByRole('button', { name: 'No answer' }).click()
  await page.getByRole('alert').waitFor()
  await page.getByLabel('Notes').fill('with notes now')
  await page.getByRole('button', { name: 'Busy' }).click()
  await page.getByRole('heading', { name: 'Nobody to call now' }).waitFor()
  expect(await attemptsOf(id)).toEqual([{ status: 'orange', notes: 'with notes now' }])
  expect(faults).toEqual([])
})

it('fits a telephone, in Spanish, with a long name', async () => {
  const id = await lead('María de los Ángeles Fernández-Villaverde y García de la Concepción')
  const { body } = await stage.service.request('GET', `/api/crm/opportunities/${id}`)
  await stage.service.request('POST', '/api/crm/calls', {
    direction: 'inbound',
    entity_type: 'contacts',
    entity_id: body.contact_id,
    resumen_llamada: 'Que la llamen después de las diez.',
  })
  const { page, faults } = await open('agent', { width: 360, height: 740, language: 'es' })
  await page.goto('/call')
  await page.getByText('Que la llamen después de las diez.').waitFor()
  await page.getByRole('button', { name: 'No contesta' }).waitFor()
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
  if (process.env.SHOTS !== undefined)
    await page.screenshot({ path: `${process.env.SHOTS}/mobile-es.png`, fullPage: true })
  await page.getByRole('button', { name: 'No contesta' }).click()
  await page.getByRole('heading', { name: 'No hay a quién llamar ahora' }).waitFor()
  if (process.env.SHOTS !== undefined) await page.screenshot({ path: `${process.env.SHOTS}/mobile-nobody.png` })
  expect(faults).toEqual([])
})
