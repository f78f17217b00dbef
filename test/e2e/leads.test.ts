import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { fillWith } from './fill.ts'
import { useStage } from './stage.ts'

const stage = useStage()

const MANY = 3_000

const rowsOf = (page: Page) => page.getByRole('grid').locator('[role=row][aria-selected]')
const rowOf = (page: Page, name: string) => rowsOf(page).filter({ has: page.getByText(name, { exact: true }) })

it('the table of thousands has only what is on the screen, and one gets to the last of them, and back', async () => {
  await fillWith(stage.service, MANY)
  const { page, faults } = await stage.open('manager')
  await page.goto('/leads')
  await page.getByText('Lead 1', { exact: true }).waitFor()
  await page.getByText(`${MANY.toLocaleString('en')}`, { exact: true }).waitFor()
  const grid = page.getByRole('grid', { name: 'Leads' })
  let most = 0
  const end = page.getByText(`That is all: ${MANY.toLocaleString('en')}.`)
  while (!(await end.isVisible())) {
    await grid.evaluate((box) => {
      box.scrollTop += 3_000
    })
    most = Math.max(most, await rowsOf(page).count())
  }
  await grid.evaluate((box) => {
    box.scrollTop = box.scrollHeight
  })
  await rowOf(page, `Lead ${MANY}`).waitFor()
  expect(most).toBeLessThan(60)
  expect(await grid.getAttribute('aria-rowcount')).toBe(`${MANY + 1}`)
  expect(await rowOf(page, `Lead ${MANY}`).getAttribute('aria-rowindex')).toBe(`${MANY + 1}`)
  // Whoever comes back from a lead goes on where they were.
  await rowOf(page, `Lead ${MANY - 2}`).click()
  await page.waitForURL('**/leads/*')
  await page.goBack()
  await rowOf(page, `Lead ${MANY}`).waitFor()
  expect(faults).toEqual([])
})

it('a view is in the address: filters, search and order, added, taken away and sent to somebody', async () => {
  await fillWith(stage.service, 60)
  const { page, faults, context } = await stage.open('manager')
  await page.goto('/leads')
  await page.getByRole('button', { name: '+ filter' }).click()
  await page.getByRole('menuitem', { name: 'status' }).click()
  await page.getByRole('menuitem', { name: 'contacted' }).click()
  await page.waitForURL('**/leads?status=contacted')
  await page.getByRole('button', { name: '+ filter' }).click()
  await page.getByRole('menuitem', { name: 'agent' }).click()
  await page.getByRole('menuitem', { name: 'nobody' }).click()
  await page.waitForURL('**/leads?status=contacted&assigned=false')
  await page.getByRole('button', { name: '+ filter' }).click()
  await page.getByRole('menuitem', { name: 'source' }).click()
  await page.getByRole('textbox', { name: 'Another…' }).fill('fair')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByRole('button', { name: 'Age', exact: true }).click()
  await page.waitForURL('**/leads?status=contacted&assigned=false&source=fair&sort=created_at')
  await page.getByText('10', { exact: true }).waitFor()
  await rowsOf(page).first().filter({ hasText: 'Lead 57' }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('lead 2')
  await page.waitForURL('**&q=lead+2&sort=created_at')
  await page.getByText('2', { exact: true }).first().waitFor()
  // A colleague sees the same.
  const colleague = await context.newPage()
  await colleague.goto(page.url())
  await rowOf(colleague, 'Lead 27').waitFor()
  expect(await rowsOf(colleague).count()).toBe(2)
  await page.getByRole('button', { name: 'Remove the filter status: contacted' }).click()
  await page.waitForURL('**/leads?assigned=false&source=fair&q=lead+2&sort=created_at')
  await page.goBack()
  await page.getByRole('button', { name: 'Remove the filter status: contacted' }).waitFor()
  expect(faults).toEqual([])
})

it('several are chosen by keys, given to somebody and closed, and that is taken back; what was refused is told', async () => {
  await fillWith(stage.service, 20)
  const { page, faults, userId } = await stage.open('manager')
  await page.goto('/leads')
  await rowOf(page, 'Lead 1').waitFor()
  for (const key of ['j', 'x', 'j', 'j', 'x']) await page.keyboard.press(key)
  await page.getByText('2 chosen').waitFor()
  // A range by the mouse.
  await rowOf(page, 'Lead 6')
    .getByRole('checkbox')
    .click({ modifiers: ['Shift'] })
  await page.getByText('5 chosen').waitFor()
  await page.getByRole('button', { name: 'Assign…' }).click()
  await page.getByRole('menuitem', { name: 'me', exact: true }).click()
  await page.getByText('5 leads changed.').waitFor()
  const owned = () =>
    stage.service.sql('select count(*)::int as n from lead_opportunities where assigned_to = $1', [userId])
  expect(await owned()).toEqual([{ n: 5 }])
  await page.keyboard.press('u')
  await page.getByText('5 leads are as they were.').waitFor()
  expect(await owned()).toEqual([{ n: 0 }])

  // Somebody else changes one meanwhile: it is not overwritten.
  await stage.service.sql(`update lead_opportunities set revision = revision + 1, title = 'Somebody else’s'
    where contact_id = (select id from contacts where name = 'Lead 2')`)
  await page.keyboard.press('Escape')
  for (const name of ['Lead 2', 'Lead 3']) await rowOf(page, name).getByRole('checkbox').click()
  await page.getByRole('button', { name: 'Close…' }).click()
  await page.getByRole('menuitem', { name: 'discarded' }).click()
  await page.getByText('1 lead changed. 1 was not changed:').waitFor()
  await page.getByRole('listitem').filter({ hasText: 'Lead 2: Somebody else has changed it meanwhile.' }).waitFor()
  expect(
    await stage.service.sql(`select name, status from lead_opportunities join contacts on contacts.id = contact_id
      where name in ('Lead 2', 'Lead 3') order by name`),
  ).toEqual([
    { name: 'Lead 2', status: 'pending' },
    { name: 'Lead 3', status: 'discarded' },
  ])
  expect(faults).toEqual([])
})

it('an agent takes leads and gives them back; whoever only looks is offered nothing that would be refused', async () => {
  await fillWith(stage.service, 5)
  const agent = await stage.open('agent')
  await agent.page.goto('/leads')
  await rowOf(agent.page, 'Lead 1').getByRole('checkbox').click()
  await agent.page.getByRole('button', { name: 'Take' }).click()
  await agent.page.getByText('1 lead changed.').waitFor()
  expect(await agent.page.getByRole('button', { name: 'Assign…' }).count()).toBe(0)
  await rowOf(agent.page, 'Lead 1').getByText('Ana García').waitFor()

  const viewer = await stage.open('viewer')
  await viewer.page.goto('/leads')
  await rowOf(viewer.page, 'Lead 1').waitFor()
  expect(await viewer.page.getByRole('checkbox').count()).toBe(0)
  expect(await viewer.page.getByRole('button', { name: '+ Lead' }).count()).toBe(0)
  expect([...agent.faults, ...viewer.faults]).toEqual([])
})

it('a lead is made by hand: faults stand at their fields, and a known number says whose it is', async () => {
  await fillWith(stage.service, 3)
  const { page, faults } = await stage.open('agent')
  await page.goto('/leads')
  await page.getByRole('button', { name: '+ Lead' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('Zoë')
  await dialog.getByLabel('Telephone number 1').fill('12')
  await dialog.getByRole('button', { name: 'Make the lead' }).click()
  await dialog.getByText('cannot be a telephone number').waitFor()
  await dialog.getByLabel('Telephone number 1').fill('600 00 00 02')
  await dialog.getByText('Lead 2 has this number already.').waitFor()
  await dialog.getByLabel('Telephone number 1').fill('612 34 56 78')
  await dialog.getByRole('button', { name: 'Make the lead' }).click()
  await page.waitForURL('**/leads/*')
  const { body } = await stage.service.request('GET', '/api/crm/opportunities?include=contact&q=zoe')
  expect(body.data).toHaveLength(1)
  expect(body.data[0].contact).toMatchObject({ name: 'Zoë', phones: ['+34612345678'] })
  expect(faults).toEqual([])
})
