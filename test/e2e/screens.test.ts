import { mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, expect, it } from 'vitest'
import { fill } from '../../src/demo/fill.ts'
import { serviceAt } from '../../src/demo/service.ts'
import { KEY } from '../service.ts'
import { useStage } from './stage.ts'
import { fillForTour, goThere, insideOf, OUTSIDE, type Stop, useTourStage } from './tour.ts'

/*
 * The pages as the README shows them, of the demo: written to SCREENS where that is set. And all that can be seen of the
 * pages, wide in light and dark and as on a telephone, to `screens/`: to be looked at.
 */

const SEEN_BY_VIEWERS = ['leads', 'lead', 'board', 'review']

const tour = useTourStage()
const folder = await mkdtemp(path.join(os.tmpdir(), 'screens-'))
const screens = process.env.SCREENS ?? folder
const stage = useStage(async () => ({
  recordingsDir: path.join(folder, 'recordings'),
  mailsDir: path.join(folder, 'mails'),
}))

afterAll(() => rm(folder, { recursive: true, force: true }))

/** As people write it: until that is known, it stands there as it is. */
const numberIsWritten = (page: Page) =>
  page
    .getByText(/^\+\d{1,3} \d/)
    .first()
    .waitFor()

it('each page shows the demo', async () => {
  const { agents } = await fill({
    database: stage.service.database,
    publicUrl: stage.address,
    service: serviceAt(stage.address, KEY),
    leads: 120,
    seed: 5,
    now: Date.now(),
    password: 'demo of somebody who looks',
    timezone: 'Europe/Madrid',
    recordings: 4,
    onStep: () => undefined,
    signal: new AbortController().signal,
  })
  expect(agents).toHaveLength(5)
  const { page, faults } = await stage.open('manager', { width: 1180, height: 760 })
  const shoot = async (name: string): Promise<void> => {
    await page.getByRole('progressbar').waitFor({ state: 'detached' })
    await page.locator('[aria-busy=true]').waitFor({ state: 'detached' })
    await page.screenshot({ path: path.join(screens, `${name}.png`) })
  }
  await page.goto('/call')
  await page.getByText('How did it go?').waitFor()
  await numberIsWritten(page)
  await shoot('call-now')
  await page.goto('/leads')
  await page.getByRole('row').nth(5).waitFor()
  await shoot('leads')
  const [lead] = await stage.service.sql<{ id: string }>(
    "select opportunity_id as id from calls join recordings on call_id = calls.id where recordings.status = 'available' limit 1",
  )
  await page.goto(`/leads/${lead?.id}`)
  await page.getByRole('heading', { name: 'Calls' }).waitFor()
  await page.getByRole('slider').first().waitFor()
  await numberIsWritten(page)
  await shoot('lead')
  await page.goto('/coverage?period=30days')
  await page.getByRole('heading', { name: 'Coverage' }).waitFor()
  await shoot('coverage')
  expect(faults).toEqual([])
  expect((await readdir(screens)).filter((name) => name.endsWith('.png')).sort()).toEqual([
    'call-now.png',
    'coverage.png',
    'lead.png',
    'leads.png',
  ])
})

const LOOKS = [
  { name: 'light', language: 'en', colorScheme: 'light', width: 1280, height: 800 },
  { name: 'dark', language: 'es', colorScheme: 'dark', width: 1280, height: 800 },
  { name: 'phone', language: 'es', colorScheme: 'light', width: 390, height: 844 },
] as const

it('all that can be seen is on pictures, and nothing is wider than the screen', async () => {
  const ids = await fillForTour(tour)
  await rm('screens', { recursive: true, force: true })
  const wide: string[] = []
  for (const { name, colorScheme, ...look } of LOOKS) {
    const shoot = async (page: Page, stop: Stop, prefix = '') => {
      await goThere(page, stop)
      const path = `screens/${name}/${prefix}${stop.name}.png`
      await page.screenshot({ path, fullPage: stop.open === undefined, animations: 'disabled' })
      if (Number(await page.evaluate('document.documentElement.scrollWidth')) > look.width) wide.push(path)
    }
    const admin = await tour.open('admin', look)
    await admin.page.emulateMedia({ colorScheme })
    for (const stop of insideOf(ids)) await shoot(admin.page, stop)
    await admin.context.clearCookies()
    for (const stop of OUTSIDE) await shoot(admin.page, stop)
    const viewer = await tour.open('viewer', look)
    await viewer.page.emulateMedia({ colorScheme })
    for (const stop of insideOf(ids).filter(({ name }) => SEEN_BY_VIEWERS.includes(name))) {
      await shoot(viewer.page, stop, 'viewer-')
    }
    expect([admin.faults, viewer.faults]).toEqual([[], []])
  }
  expect(wide).toEqual([])
}, 300_000)
