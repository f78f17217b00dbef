import { mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { fill } from '../../src/demo/fill.ts'
import { serviceAt } from '../../src/demo/service.ts'
import { KEY } from '../service.ts'
import { useStage } from './stage.ts'

/* The pages as the README shows them, of the demo: written to SCREENS where that is set. */

const folder = await mkdtemp(path.join(os.tmpdir(), 'screens-'))
const screens = process.env.SCREENS ?? folder
const stage = useStage(async () => ({
  recordingsDir: path.join(folder, 'recordings'),
  mailsDir: path.join(folder, 'mails'),
}))

afterAll(() => rm(folder, { recursive: true, force: true }))

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
    await page.screenshot({ path: path.join(screens, `${name}.png`) })
  }
  await page.goto('/call')
  await page.getByText('How did it go?').waitFor()
  await shoot('call-now')
  await page.goto('/leads')
  await page.getByRole('row').nth(5).waitFor()
  await shoot('leads')
  const [lead] = await stage.service.sql<{ id: string }>(
    "select opportunity_id as id from calls join recordings on call_id = calls.id where recordings.status = 'available' limit 1",
  )
  await page.goto(`/leads/${lead?.id}`)
  await page.getByRole('heading', { name: 'Calls' }).waitFor()
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
