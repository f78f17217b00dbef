import { EventEmitter, once } from 'node:events'
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
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: '+ Lead' }).click()
  expect(await dialog.getByLabel('Name').inputValue()).toBe('Zoë')
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

it('what belongs to the view of before is neither chosen nor changed while that of now is on its way', async () => {
  await fillWith(stage.service, 20)
  const { page, faults } = await stage.open('manager')
  const asked = new EventEmitter()
  const isAsked = once(asked, 'asked')
  await page.route(/opportunities\?.*status=contacted.*limit/, async (route) => {
    asked.emit('asked')
    await once(asked, 'answer')
    await route.continue()
  })
  await page.goto('/leads')
  await rowOf(page, 'Lead 1').getByRole('checkbox').click()
  await page.getByText('1 chosen of 20').waitFor()
  await page.getByRole('button', { name: '+ filter' }).click()
  await page.getByRole('menuitem', { name: 'status' }).click()
  await page.getByRole('menuitem', { name: 'contacted' }).click()
  await isAsked
  await rowOf(page, 'Lead 1').waitFor()
  expect(await rowOf(page, 'Lead 1').getByRole('checkbox').isDisabled()).toBe(true)
  for (const key of ['j', 'x']) await page.keyboard.press(key)
  expect(await page.getByText('chosen').count()).toBe(0)
  asked.emit('answer')
  await rowOf(page, 'Lead 1').waitFor({ state: 'detached' })
  expect(await rowOf(page, 'Lead 3').getByRole('checkbox').isDisabled()).toBe(false)
  expect(await page.getByText('chosen').count()).toBe(0)
  expect(faults).toEqual([])
})

it('a page that fails is said to, and asked for again by a person only', async () => {
  await fillWith(stage.service, 150)
  const { page, faults } = await stage.open('manager')
  let times = 0
  await page.route(/opportunities\?.*cursor=/, (route) => {
    times++
    return route.fulfill({ status: 500, json: { title: 'Broken', status: 500 } })
  })
  await page.goto('/leads')
  await rowOf(page, 'Lead 1').waitFor()
  const grid = page.getByRole('grid', { name: 'Leads' })
  await grid.evaluate((box) => box.scrollBy(0, 3_000))
  await page.getByRole('alert').getByText('The service cannot take it at the moment.').waitFor()
  await grid.evaluate((box) => box.scrollBy(0, 3_000))
  await rowOf(page, 'Lead 100').waitFor()
  // What is told meanwhile is shown, and is no reason to ask again.
  const [lead] = await stage.service.sql(
    `select lead_opportunities.id from lead_opportunities join contacts on contacts.id = contact_id where name = 'Lead 99'`,
  )
  await stage.service.request('PATCH', `/api/crm/opportunities/${lead?.id}`, { status: 'won' })
  await rowOf(page, 'Lead 99').getByText('won').waitFor()
  expect(times).toBe(1)
  await page.unroute(/opportunities\?.*cursor=/)
  await page.getByRole('alert').getByRole('button', { name: 'Try again' }).click()
  await rowOf(page, 'Lead 101').waitFor()
  expect(await page.getByRole('alert').count()).toBe(0)
  expect(faults).toEqual([])
})

it('a lead is opened once, by its name or by keys, and one comes back to wherever it was opened', async () => {
  await fillWith(stage.service, 5)
  const { page, faults } = await stage.open('manager')
  await page.goto('/leads?status=pending')
  const visited = () => page.evaluate<number>('history.length')
  const before = await visited()
  await page.getByRole('grid').getByText('Lead 1', { exact: true }).click()
  await page.waitForURL('**/leads/*')
  const lead = page.url()
  expect(await visited()).toBe(before + 1)
  await page.goBack()
  await page.waitForURL('**/leads?status=pending')
  await rowOf(page, 'Lead 1').waitFor()
  for (const key of ['k', 'j', 'Enter']) await page.keyboard.press(key)
  await page.getByRole('heading', { name: 'Lead 2' }).waitFor()
  for (const place of ['/review', '/coverage']) {
    await page.goto(place)
    // As a link of that page does.
    await page.evaluate(`history.pushState(null, '', '${new URL(lead).pathname}')`)
    await page.getByRole('heading', { name: 'Lead 1' }).waitFor()
    await page.keyboard.press('Escape')
    await page.waitForURL(({ pathname }) => pathname === place)
  }
  expect(faults).toEqual([])
})

it('the table stays where it is scrolled to, though the active row has another place', async () => {
  await fillWith(stage.service, 90)
  const { page, faults } = await stage.open('manager')
  await page.goto('/leads')
  await rowOf(page, 'Lead 1').waitFor()
  for (const key of ['j', 'j']) await page.keyboard.press(key)
  await page.getByRole('grid', { name: 'Leads' }).evaluate((box) => box.scrollTo(0, 1_500))
  const before = await rowOf(page, 'Lead 40').boundingBox()
  const { body: contact } = await stage.service.request('POST', '/api/crm/contacts', { name: 'Brand new' })
  await stage.service.request('POST', '/api/crm/opportunities', { contact_id: contact.id })
  await page.getByText('91', { exact: true }).waitFor()
  expect(await rowOf(page, 'Lead 40').boundingBox()).toEqual(before)
  expect(faults).toEqual([])
})

it('somebody who may no longer log in has a name still, and is given nothing any more', async () => {
  await fillWith(stage.service, 2)
  const gone = await stage.open('agent')
  const { page, faults } = await stage.open('manager')
  await stage.service.sql(`update users set name = 'Gone Away', disabled_at = now() where id = $1`, [gone.userId])
  await stage.service.sql('update lead_opportunities set assigned_to = $1', [gone.userId])
  await page.goto(`/leads?assigned_to=${gone.userId}`)
  await rowOf(page, 'Lead 1').getByText('Gone Away').waitFor()
  await page.getByRole('button', { name: 'Remove the filter agent: Gone Away' }).waitFor()
  await rowOf(page, 'Lead 1').getByRole('checkbox').click()
  await page.getByRole('button', { name: 'Assign…' }).click()
  await page.getByRole('menuitem', { name: 'me', exact: true }).waitFor()
  expect(await page.getByRole('menuitem', { name: 'Gone Away' }).count()).toBe(0)
  expect(faults).toEqual([])
})
