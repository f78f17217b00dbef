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
