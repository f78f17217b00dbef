import { request as ask, createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { fillWith } from './fill.ts'
import { useStage } from './stage.ts'

const stage = useStage()

const rowOf = (page: Page, name: string) =>
  page
    .getByRole('grid')
    .locator('[role=row][aria-selected]')
    .filter({ has: page.getByText(name, { exact: true }) })
const columnOf = (page: Page, status: string) => page.getByRole('region', { name: new RegExp(`^${status}`) })
const cardIn = (page: Page, status: string, name: string) =>
  columnOf(page, status).getByRole('button', { name, exact: true })

const idOf = async (name: string): Promise<string> => {
  const [row] = await stage.service.sql(
    'select lead_opportunities.id from lead_opportunities join contacts on contacts.id = contact_id where name = $1',
    [name],
  )
  return row?.id
}

const change = async (name: string, fields: object): Promise<void> => {
  const { status } = await stage.service.request('PATCH', `/api/crm/opportunities/${await idOf(name)}`, fields)
  expect(status).toBe(200)
}

/** Told of every request for leads that this page makes. */
function requestsOf(page: Page): URL[] {
  const asked: URL[] = []
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.pathname === '/api/crm/opportunities') asked.push(url)
  })
  return asked
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0

it('what one person changes is on the other screens within a second', async () => {
  await fillWith(stage.service, 30)
  const [one, table, board] = await Promise.all([stage.open('manager'), stage.open('manager'), stage.open('manager')])
  await one.page.goto('/board')
  await table.page.goto('/leads?status=pending')
  await board.page.goto('/board')
  await rowOf(table.page, 'Lead 1').waitFor()
  await cardIn(board.page, 'pending', 'Lead 1').waitFor()
  const times: number[] = []
  for (const name of ['Lead 1', 'Lead 4', 'Lead 7', 'Lead 10', 'Lead 13']) {
    await one.page.getByRole('button', { name: `Move ${name} to…` }).click()
    const answered = one.page.waitForResponse((response) => response.request().method() === 'PATCH')
    await one.page.getByRole('menuitem', { name: 'won' }).click()
    await answered
    const begun = performance.now()
    await Promise.all([
      rowOf(table.page, name).waitFor({ state: 'detached' }),
      cardIn(board.page, 'won', name).waitFor(),
      cardIn(board.page, 'pending', name).waitFor({ state: 'detached' }),
    ])
    times.push(performance.now() - begun)
  }
  expect(median(times), `${times}`).toBeLessThan(1_000)
  await columnOf(board.page, 'won').getByRole('heading', { name: 'won 5' }).waitFor()
  await change('Lead 2', { assigned_to: one.userId })
  await Promise.all([
    rowOf(table.page, 'Lead 2').getByText('Ana García').waitFor(),
    cardIn(board.page, 'pending', 'Lead 2').getByText('Ana García').waitFor(),
  ])
  expect([...one.faults, ...table.faults, ...board.faults]).toEqual([])
})

it('whoever reads, types or chooses is not disturbed, and no page is fetched again for a few changes', async () => {
  await fillWith(stage.service, 1_000)
  const { page, faults } = await stage.open('manager')
  await page.goto('/leads')
  await rowOf(page, 'Lead 1').waitFor()
  const grid = page.getByRole('grid', { name: 'Leads' })
  for (const name of ['Lead 90', 'Lead 180', 'Lead 270', 'Lead 360', 'Lead 450']) {
    while (!(await rowOf(page, name).isVisible())) await grid.evaluate((box) => box.scrollBy(0, 400))
  }
  await rowOf(page, 'Lead 450').getByRole('checkbox').click()
  await page.keyboard.press('/')
  await page.keyboard.type(' ')
  const requests = requestsOf(page)
  const before = await rowOf(page, 'Lead 450').boundingBox()

  // Far above, on the screen, and one that was not there yet.
  await change('Lead 3', { title: 'Far above' })
  await change('Lead 451', { status: 'won' })
  const { body: contact } = await stage.service.request('POST', '/api/crm/contacts', { name: 'Brand new' })
  await stage.service.request('POST', '/api/crm/opportunities', { contact_id: contact.id })
  await rowOf(page, 'Lead 451').getByText('won').waitFor()
  await page.getByText('1,001', { exact: true }).waitFor()
  expect(await rowOf(page, 'Lead 450').boundingBox()).toEqual(before)
  expect(await page.getByText('1 chosen of 1,001').isVisible()).toBe(true)
  expect(await page.getByRole('searchbox').evaluate((box) => box.matches(':focus'))).toBe(true)
  await stage.service.request('DELETE', `/api/crm/opportunities/${await idOf('Lead 5')}`)
  await page.getByText('1,000', { exact: true }).waitFor()
  expect(await rowOf(page, 'Lead 450').boundingBox()).toEqual(before)
  expect(requests.filter(({ searchParams }) => !searchParams.has('ids')).map(String)).toEqual([])

  await grid.evaluate((box) => box.scrollTo(0, 0))
  await rowOf(page, 'Brand new').waitFor()
  expect(faults).toEqual([])
})

/** A way to the service on which everything can be refused for a while. */
async function openWay(): Promise<{ address: string; refuse(): void; forward(): void; close(): Promise<void> }> {
  let isOpen = true
  const open = new Set<ServerResponse>()
  const server: Server = createServer((request, response) => {
    if (!isOpen) return void response.writeHead(503, { 'content-type': 'text/plain' }).end('out of order')
    open.add(response)
    response.on('close', () => open.delete(response))
    const { method, headers, url } = request
    const onward = ask(new URL(url ?? '/', stage.address), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    request.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refuse() {
      isOpen = false
      for (const response of open) response.destroy()
    },
    forward() {
      isOpen = true
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

it('a service that is away for a while is said to be, and everything is up to date once it is back', async () => {
  await fillWith(stage.service, 300)
  const way = await openWay()
  for (const width of [1280, 390]) {
    const { page } = await stage.open('manager', { width })
    await page.goto(`${way.address}/leads`)
    await rowOf(page, 'Lead 1').waitFor()
    const sign = page.getByText('Not live: changes by others show late')
    // It is told as it happens.
    await change('Lead 1', { title: `At ${width}`, status: 'assigned' })
    await rowOf(page, 'Lead 1').getByText('assigned').waitFor()
    way.refuse()
    await sign.waitFor()
    await page.screenshot({ path: `dist/screens/not-live-${width}.png` })
    await change('Lead 1', { status: 'won' })
    expect(await rowOf(page, 'Lead 1').getByText('assigned').isVisible()).toBe(true)
    way.forward()
    await rowOf(page, 'Lead 1').getByText('won').waitFor()
    await sign.waitFor({ state: 'detached' })
    await page.context().close()
  }
  await way.close()
})

it('whose session is over is asked to log in, and not shown what is old', async () => {
  await fillWith(stage.service, 3)
  const { page, userId } = await stage.open('manager')
  await page.goto('/leads')
  await rowOf(page, 'Lead 1').waitFor()
  await stage.service.sql('update users set disabled_at = now() where id = $1', [userId])
  await page.waitForURL('**/log-in?over&next=%2Fleads')
})

it('where very many have changed, only what is seen is fetched again, and the rest once it is seen', async () => {
  await fillWith(stage.service, 700)
  const way = await openWay()
  const { page } = await stage.open('manager')
  await page.goto(`${way.address}/leads`)
  await rowOf(page, 'Lead 1').waitFor()
  const grid = page.getByRole('grid', { name: 'Leads' })
  for (const name of ['Lead 90', 'Lead 180', 'Lead 270', 'Lead 360', 'Lead 450']) {
    while (!(await rowOf(page, name).isVisible())) await grid.evaluate((box) => box.scrollBy(0, 400))
  }
  // Heard of once, so that what is missed is told afterwards.
  await change('Lead 450', { status: 'assigned' })
  await rowOf(page, 'Lead 450').getByText('assigned').waitFor()
  const requests = requestsOf(page)
  way.refuse()
  const rows = await stage.service.sql('select id from lead_opportunities')
  for (const { id } of rows.slice(0, 650)) {
    await stage.service.request('PATCH', `/api/crm/opportunities/${id}`, { status: 'won' })
  }
  await change('Lead 450', { status: 'won' })
  await change('Lead 1', { status: 'won' })
  way.forward()
  await rowOf(page, 'Lead 450').getByText('won').waitFor()
  await expect.poll(() => requests.length).toBeGreaterThan(0)
  expect(requests.every(({ searchParams }) => searchParams.has('cursor'))).toBe(true)
  expect(requests.length).toBeLessThanOrEqual(2)
  await grid.evaluate((box) => box.scrollTo(0, 0))
  await rowOf(page, 'Lead 1').getByText('won').waitFor()
  await page.context().close()
  await way.close()
})

it('of the tabs of a browser one listens for all, and another one goes on where it is closed', async () => {
  await fillWith(stage.service, 3)
  const { page: first, context, faults } = await stage.open('manager')
  const streams: (string | undefined)[] = []
  const asked = [requestsOf(first)]
  context.on('request', (request) => {
    if (request.url().includes('/api/events')) streams.push(request.headers()['last-event-id'])
  })
  await first.goto('/leads')
  await rowOf(first, 'Lead 1').waitFor()
  const second = await context.newPage()
  asked.push(requestsOf(second))
  await second.goto('/leads')
  await rowOf(second, 'Lead 1').waitFor()
  await change('Lead 1', { status: 'won' })
  await Promise.all([first, second].map((tab) => rowOf(tab, 'Lead 1').getByText('won').waitFor()))
  // Since the page was asked for.
  expect(streams).toEqual([expect.stringMatching(/^\d+$/)])
  await first.close()
  await change('Lead 2', { status: 'lost' })
  await rowOf(second, 'Lead 2').getByText('lost').waitFor()
  expect(streams).toEqual([expect.stringMatching(/^\d+$/), expect.stringMatching(/^\d+$/)])
  expect(Number(streams[1])).toBeGreaterThan(Number(streams[0]))
  // How the leads are now was told with it: each tab has asked for its page once.
  expect(asked.map((urls) => urls.length)).toEqual([1, 1])
  expect(faults).toEqual([])
})
