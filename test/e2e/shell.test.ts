import { expect, it } from 'vitest'
import { invited, PASSWORD } from '../people.ts'
import { useStage } from './stage.ts'

const stage = useStage()

it('somebody logs in, finds the keys, changes the language, and logs out', async () => {
  const { email } = await invited(stage.service, { role: 'manager' })
  const { context, page, faults } = await stage.open('agent')
  await context.clearCookies()
  await page.goto('/coverage')
  await page.getByLabel('E-mail address').fill(email)
  await page.getByRole('textbox', { name: 'Password' }).fill('not this one, surely')
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('alert').waitFor()
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('link', { name: 'Coverage' }).first().waitFor()
  expect(new URL(page.url()).pathname).toBe('/coverage')
  await page.keyboard.press('?')
  await page.getByRole('dialog').getByText('Go to Leads').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await page.keyboard.press('g')
  await page.keyboard.press('l')
  await page.waitForURL('**/leads')
  await page.getByRole('button', { name: 'Ana García' }).click()
  await page.getByRole('menuitem', { name: 'Español' }).click()
  await page.getByRole('link', { name: 'Contactos' }).first().waitFor()
  expect(await page.locator('html').getAttribute('lang')).toBe('es')
  await page.getByRole('button', { name: 'Ana García' }).click()
  await page.getByRole('menuitem', { name: 'Salir' }).click()
  await page.waitForURL('**/log-in')
  expect((await page.request.get('/api/me')).status()).toBe(401)
  expect(faults).toEqual([])
})

it('each role has the places that are for it', async () => {
  for (const [role, places] of [
    ['viewer', ['Leads', 'Board', 'Coverage', 'Settings']],
    ['agent', ['Call now', 'Leads', 'Board', 'Review', 'Settings']],
    ['admin', ['Call now', 'Leads', 'Board', 'Review', 'Coverage', 'Settings']],
  ] as const) {
    const { page } = await stage.open(role)
    await page.goto('/leads')
    await page.getByRole('navigation').first().getByRole('link').first().waitFor()
    expect(await page.getByRole('navigation').first().getByRole('link').allTextContents()).toEqual(places)
  }
})

it('a look at who is here that fails takes nothing away', async () => {
  const { page, faults } = await stage.open('manager')
  await page.goto('/coverage')
  await page.getByRole('heading', { name: 'Coverage' }).waitFor()
  await page.route('**/api/me', (route) => route.fulfill({ status: 500, json: { status: 500, title: 'x' } }))
  const asked = page.waitForResponse('**/api/me')
  await page.evaluate(LOOK_AGAIN)
  await asked
  await page.getByRole('link', { name: 'Leads' }).click()
  await page.getByRole('heading', { name: 'Leads' }).waitFor()
  expect(await page.getByRole('alert').count()).toBe(0)
  expect(faults).toEqual([])
})

/** As another tab asks to look anew who is logged in. */
const LOOK_AGAIN = "new BroadcastChannel('first-call session').postMessage('over')"

it('a session that is over leads to the log-in, and from there back', async () => {
  const { email } = await invited(stage.service, { role: 'manager' })
  const { context, page, faults } = await stage.open('manager')
  await page.goto('/coverage?period=7days')
  await page.getByRole('img', { name: 'Calls that count and have their attempt' }).waitFor()
  await context.clearCookies()
  await page.getByRole('button', { name: 'Yesterday' }).click()
  await page.getByText('Your session is over.', { exact: false }).waitFor()
  await page.getByLabel('E-mail address').fill(email)
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.waitForURL('**/coverage?period=yesterday')
  await page.getByRole('heading', { name: 'Coverage' }).waitFor()
  expect(faults).toEqual([])
})

it('who logs out is logged out in all tabs, and nothing that was written stays; who cannot be is told so', async () => {
  const { context, page, faults } = await stage.open('manager', { width: 390, height: 844 })
  const other = await context.newPage()
  for (const tab of [page, other]) {
    await tab.goto('/coverage')
    await tab.getByRole('heading', { name: 'Coverage' }).waitFor()
    await tab.evaluate("sessionStorage.setItem('first-call notes x', 'wants a kitchen')")
  }
  await page.route('**/api/auth/sign-out', (route) => route.abort())
  const logOut = async () => {
    await page.getByRole('button', { name: 'Ana García' }).click()
    await page.getByRole('menuitem', { name: 'Log out' }).click()
  }
  await logOut()
  await page.getByRole('dialog', { name: 'You are not logged out.' }).waitFor()
  expect((await page.request.get('/api/me')).status()).toBe(200)
  await page.unroute('**/api/auth/sign-out')
  await page.getByRole('dialog').getByRole('button', { name: 'Log out' }).click()
  await page.waitForURL('**/log-in')
  await other.waitForURL('**/log-in?*')
  for (const tab of [page, other]) expect(await tab.evaluate("sessionStorage.getItem('first-call notes x')")).toBeNull()
  expect(faults).toEqual([])
})

it('a tab in which somebody else is logged in by now shows what is theirs, and nothing of whoever was there before', async () => {
  const [{ page, context, faults }, other] = [await stage.open('manager'), await stage.open('agent')]
  await page.goto('/coverage')
  await page.getByRole('heading', { name: 'Coverage' }).waitFor()
  await page.evaluate("sessionStorage.setItem('first-call notes x', 'wants a kitchen')")
  await page.getByRole('link', { name: 'Leads' }).click()
  await page.getByRole('heading', { name: 'Leads' }).waitFor()
  await page.evaluate("document.querySelector('nav').setAttribute('data-before', 'yes')")
  await context.addCookies(await other.context.cookies())
  await page.evaluate(LOOK_AGAIN)
  await page.locator('[data-before]').waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'Call now' }).waitFor()
  expect(await page.getByRole('link', { name: 'Coverage' }).count()).toBe(0)
  expect(await page.evaluate("sessionStorage.getItem('first-call notes x')")).toBeNull()
  expect(faults).toEqual([])
})

it('what is asked for without a connection is refused at once, and not carried out later', async () => {
  const { context, page, faults } = await stage.open('manager')
  await page.goto('/coverage')
  await page.getByRole('heading', { name: 'Coverage' }).waitFor()
  await context.setOffline(true)
  await page.getByText('You are offline.', { exact: false }).waitFor()
  await page.getByRole('button', { name: 'Ana García' }).click()
  await page.getByRole('menuitem', { name: 'Log out' }).click()
  await page.getByRole('dialog', { name: 'You are not logged out.' }).waitFor()
  await page.keyboard.press('Escape')
  await context.setOffline(false)
  await page.getByText('You are offline.', { exact: false }).waitFor({ state: 'hidden' })
  expect((await page.request.get('/api/me')).status()).toBe(200)
  expect(new URL(page.url()).pathname).toBe('/coverage')
  expect(faults).toEqual([])
})

it('a part that is missing after a new version was set up is loaded again, and what is around it stays', async () => {
  const { page } = await stage.open('manager')
  await page.goto('/settings/about')
  await page.getByRole('heading', { name: 'Settings' }).waitFor()
  await page.route(/\/assets\/page-[^/]*\.js$/, (route) => route.fulfill({ status: 404, body: '' }))
  await page.getByRole('link', { name: 'Coverage' }).click()
  await page.getByRole('alert').getByText('A new version is there').waitFor()
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('heading', { name: 'Settings' }).waitFor()
  await page.getByRole('link', { name: 'Coverage' }).click()
  await page.unroute(/\/assets\/page-[^/]*\.js$/)
  await page.getByRole('button', { name: 'Load again' }).click()
  await page.getByRole('heading', { name: 'Coverage' }).waitFor()
})

it('on a telephone nothing that is hidden is gone to by Tab', async () => {
  const { page, faults } = await stage.open('manager', { width: 390, height: 844 })
  await page.goto('/settings/about')
  await page.getByRole('heading', { name: 'Settings' }).waitFor()
  expect(await page.getByRole('navigation', { name: 'Places' }).count()).toBe(1)
  const hidden = await page.evaluate(`[...document.querySelectorAll('a[href], button')]
    .filter((one) => !one.checkVisibility({ visibilityProperty: true }) || one.getBoundingClientRect().right < -1 && !one.matches('[href="#page"]'))
    .map((one) => one.textContent)`)
  expect(hidden).toEqual([])
  expect(faults).toEqual([])
})
