import { EventEmitter, once } from 'node:events'
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { useStage } from './stage.ts'

const stage = useStage()

/** A lead for each of these statuses, named by its place. */
async function leadsOf(...statuses: string[]): Promise<{ id: string }[]> {
  await stage.service.sql('truncate contacts, lead_opportunities, listed_opportunities, calls cascade')
  const made: { id: string }[] = []
  for (const [place, status] of statuses.entries()) {
    const { body: contact } = await stage.service.request('POST', '/api/crm/contacts', { name: `Lead ${place + 1}` })
    const { body } = await stage.service.request('POST', '/api/crm/opportunities', { contact_id: contact.id, status })
    made.push(body)
  }
  return made
}

const columnOf = (page: Page, status: string) => page.getByRole('region', { name: new RegExp(`^${status}`) })
const cardIn = (page: Page, status: string, name: string) =>
  columnOf(page, status).getByRole('button', { name, exact: true })

const statusOf = async (id = ''): Promise<string> =>
  (await stage.service.request('GET', `/api/crm/opportunities/${id}`)).body.status

it('a card is dragged by the mouse, and by keys, and each move is taken back', async () => {
  const [first] = await leadsOf('pending', 'pending', 'On hold')
  const { page, faults } = await stage.open('manager')
  await page.goto('/board')
  await cardIn(page, 'pending', 'Lead 1').waitFor()
  // A word that is not ours has a column, too.
  await cardIn(page, 'On hold', 'Lead 3').waitFor()
  await page.getByRole('heading', { name: 'pending 2' }).waitFor()

  const from = await cardIn(page, 'pending', 'Lead 1').boundingBox()
  const to = await columnOf(page, 'contacted').boundingBox()
  if (from === null || to === null) throw new Error('not on the screen')
  await page.mouse.move(from.x + 20, from.y + 20)
  await page.mouse.down()
  await page.mouse.move(from.x + 60, from.y + 40, { steps: 4 })
  await page.mouse.move(to.x + 60, to.y + 120, { steps: 8 })
  await page.mouse.up()
  await cardIn(page, 'contacted', 'Lead 1').waitFor()
  await page.getByText('1 lead changed.').waitFor()
  await page.getByRole('heading', { name: 'contacted 1' }).waitFor()
  expect(await statusOf(first?.id)).toBe('contacted')
  await page.keyboard.press('u')
  await cardIn(page, 'pending', 'Lead 1').waitFor()
  await page.getByText('1 lead is as it was.').waitFor()
  expect(await statusOf(first?.id)).toBe('pending')

  await cardIn(page, 'pending', 'Lead 2').focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Space')
  await page.getByText('Lead 1 is over pending.').waitFor({ state: 'attached' })
  await page.keyboard.press('ArrowRight')
  await page.getByText('Lead 1 is over assigned.').waitFor({ state: 'attached' })
  await page.keyboard.press('ArrowRight')
  await page.getByText('Lead 1 is over contacted.').waitFor({ state: 'attached' })
  await page.keyboard.press('Space')
  await cardIn(page, 'contacted', 'Lead 1').waitFor()
  await page.getByText('1 lead changed.').waitFor()
  expect(await statusOf(first?.id)).toBe('contacted')
  expect(faults).toEqual([])
})

it('a move that is refused is taken back, and says why', async () => {
  const [first] = await leadsOf('pending')
  const { page, faults } = await stage.open('manager')
  // Nor has it heard of the change yet.
  await page.route('**/api/events*', (route) => route.abort())
  await page.goto('/board')
  await cardIn(page, 'pending', 'Lead 1').waitFor()
  await stage.service.request('PATCH', `/api/crm/opportunities/${first?.id}`, { title: 'Changed by somebody else' })
  await page.getByRole('button', { name: 'Move Lead 1 to…' }).click()
  await page.getByRole('menuitem', { name: 'won' }).click()
  await page.getByRole('listitem').filter({ hasText: 'Lead 1: Somebody else has changed it meanwhile.' }).waitFor()
  await cardIn(page, 'pending', 'Lead 1').getByText('Changed by somebody else').waitFor()
  expect(await statusOf(first?.id)).toBe('pending')
  expect(faults).toEqual([])
})

it('on a telephone columns are scrolled to, and a menu moves without dragging', async () => {
  const [first] = await leadsOf('pending')
  const { page, faults } = await stage.open('agent', { width: 360, height: 740 })
  await page.goto('/board?q=lead')
  await page.getByRole('button', { name: 'Move Lead 1 to…' }).click()
  await page.getByRole('menuitem', { name: 'qualified' }).click()
  await page.getByText('1 lead changed.').waitFor()
  expect(await statusOf(first?.id)).toBe('qualified')
  await cardIn(page, 'qualified', 'Lead 1').scrollIntoViewIfNeeded()
  await cardIn(page, 'qualified', 'Lead 1').click()
  await page.waitForURL(`**/leads/${first?.id}`)
  expect(faults).toEqual([])
})

it('whoever only looks moves nothing', async () => {
  await leadsOf('pending')
  const { page, faults } = await stage.open('viewer')
  await page.goto('/board')
  await cardIn(page, 'pending', 'Lead 1').focus()
  expect(await page.getByRole('button', { name: 'Move Lead 1 to…' }).count()).toBe(0)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/leads/*')
  expect(faults).toEqual([])
})

it('of two moves that are refused one after the other, both say why', async () => {
  const leads = await leadsOf('pending', 'pending')
  const { page, faults } = await stage.open('manager')
  await page.route('**/api/events*', (route) => route.abort())
  await page.goto('/board')
  await cardIn(page, 'pending', 'Lead 2').waitFor()
  for (const { id } of leads) {
    await stage.service.request('PATCH', `/api/crm/opportunities/${id}`, { title: 'Changed by somebody else' })
  }
  // Neither is answered before both are sent.
  const sent = new EventEmitter()
  const areBoth = once(sent, 'both')
  let count = 0
  await page.route('**/api/crm/opportunities/*', async (route) => {
    if (route.request().method() !== 'PATCH') return route.continue()
    if (++count === leads.length) sent.emit('both')
    await areBoth
    await route.continue()
  })
  for (const name of ['Lead 1', 'Lead 2']) {
    await page.getByRole('button', { name: `Move ${name} to…` }).click()
    await page.getByRole('menuitem', { name: 'won' }).click()
  }
  for (const name of ['Lead 1', 'Lead 2']) {
    await page
      .getByRole('listitem')
      .filter({ hasText: `${name}: Somebody else has changed it meanwhile.` })
      .waitFor()
  }
  for (const { id } of leads) expect(await statusOf(id)).toBe('pending')
  await page.getByRole('button', { name: 'Dismiss' }).click()
  expect(await page.getByText('Somebody else has changed it').count()).toBe(0)
  expect(faults).toEqual([])
})

it('a card that was moved by its menu has the focus in its new place', async () => {
  await leadsOf('pending', 'pending', 'pending')
  const { page, faults } = await stage.open('manager')
  await page.goto('/board')
  await page.getByRole('button', { name: 'Move Lead 2 to…' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('menuitem', { name: 'assigned' }).focus()
  await page.keyboard.press('Enter')
  await cardIn(page, 'assigned', 'Lead 2').waitFor()
  await page.getByText('1 lead changed.').waitFor()
  expect(await cardIn(page, 'assigned', 'Lead 2').evaluate((card) => card.matches(':focus'))).toBe(true)
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Lead 3' }).waitFor()
  expect(faults).toEqual([])
})

it('a menu that is closed with nothing chosen gives the focus back to its card', async () => {
  await leadsOf('pending', 'pending')
  const { page, faults } = await stage.open('manager')
  await page.goto('/board')
  await page.getByRole('button', { name: 'Move Lead 2 to…' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('menuitem', { name: 'assigned' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('menu').waitFor({ state: 'detached' })
  expect(await cardIn(page, 'pending', 'Lead 2').evaluate((card) => card.matches(':focus'))).toBe(true)
  expect(faults).toEqual([])
})
