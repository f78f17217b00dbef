import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll } from 'vitest'
import { fill } from '../../src/demo/fill.ts'
import { serviceAt } from '../../src/demo/service.ts'
import { mail, receive } from '../mails-door.ts'
import { KEY } from '../service.ts'
import { doubt, newPhone, post } from './doubt.ts'
import { type Stage, useStage } from './stage.ts'

/** What is shown of the pages, whatever the language and the width. */
export interface Stop {
  name: string
  address: string
  /** What is opened there: a dialog, a menu, a part that is folded. */
  open?: (page: Page) => Promise<void>
}

const LONG_NAME = 'María del Carmen Fernández-Villaverde y Rodríguez de la Encarnación, de Construcciones y Reformas'
const RIGHT_TO_LEFT = 'عبد الرحمن بن محمد الفارسي'

/** A stage whose service keeps recordings and e-mails in a folder of its own. */
export function useTourStage(): Stage {
  const folder = mkdtemp(path.join(os.tmpdir(), 'tour-'))
  afterAll(async () => rm(await folder, { recursive: true, force: true }))
  return useStage(async () => ({
    recordingsDir: path.join(await folder, 'recordings'),
    mailsDir: path.join(await folder, 'mails'),
  }))
}

/** A month of a team, with what is long, written from right to left, doubtful, or gone wrong. */
export async function fillForTour({ service, address }: Stage) {
  await fill({
    database: service.database,
    publicUrl: address,
    service: serviceAt(address, KEY),
    leads: 60,
    seed: 5,
    now: Date.now(),
    password: 'demo of somebody who looks',
    timezone: 'Europe/Madrid',
    recordings: 2,
    onStep: () => undefined,
    signal: new AbortController().signal,
  })
  const leads: string[] = []
  for (const name of [LONG_NAME, RIGHT_TO_LEFT]) {
    const phone = newPhone()
    const contact = await post(service, '/api/crm/contacts', {
      name,
      phones: [phone],
      email: 'somebody@example.com',
      timezone: 'America/Bogota',
    })
    const { id } = await post(service, '/api/crm/opportunities', { contact_id: contact.id, title: 'Reforma de cocina' })
    for (const [call_status, hour] of [
      ['busy', '08'],
      ['no_answer', '12'],
      ['completed', '16'],
      ['no_answer', '18'],
    ]) {
      const made = new Date(Date.now() - 86_400_000).toISOString().replace(/T\d\d/, `T${hour}`)
      await post(service, '/api/crm/calls', {
        direction: 'outbound',
        phone_number: phone,
        call_status,
        started_at: made,
        entity_type: 'contacts',
        entity_id: contact.id,
        resumen_llamada: 'Pide que le llamemos el jueves por la tarde.',
      })
    }
    leads.push(id)
  }
  await doubt(service)
  await doubt(service, 'contradiction')
  await receive(service, mail(newPhone(), { direction: null, doubts: ['Two dates were found.'] }))
  await post(service, '/api/admin/keys', { name: 'The web form', role: 'viewer' })
  const [played] = await service.sql<{ id: string }>(
    "select opportunity_id as id from calls join recordings on call_id = calls.id where recordings.status = 'available' limit 1",
  )
  const [item] = await service.sql<{ id: string }>(
    "select id from review_items where decided_at is null order by kind = 'doubtful_link' desc limit 1",
  )
  return { long: leads[0] ?? '', rightToLeft: leads[1] ?? '', played: played?.id ?? '', item: item?.id ?? '' }
}

const press = (key: string) => async (page: Page) => {
  await page.keyboard.press(key)
  await page.getByRole('dialog').waitFor()
}
const menuOf = (place: string) => async (page: Page) => {
  await page.locator(`${place} [aria-haspopup=menu]:visible`).first().click()
  await page.getByRole('menu').waitFor()
}
const unfold = (page: Page) => page.locator('#page article [aria-expanded=false]:not([aria-haspopup])').first().click()

/** What can be seen without being logged in. */
export const OUTSIDE: readonly Stop[] = [
  { name: 'log-in', address: '/log-in' },
  { name: 'accept', address: '/accept#token=none' },
  { name: 'accept-broken', address: '/accept' },
]

/** What an admin sees. */
export const insideOf = (ids: Awaited<ReturnType<typeof fillForTour>>): readonly Stop[] => [
  { name: 'call-now', address: '/call' },
  { name: 'call-now-keys', address: '/call', open: press('?') },
  { name: 'leads', address: '/leads' },
  { name: 'leads-none', address: '/leads?status=won&last_status=red&attempts=1' },
  { name: 'board', address: '/board' },
  { name: 'lead', address: `/leads/${ids.played}` },
  { name: 'lead-long', address: `/leads/${ids.long}`, open: unfold },
  { name: 'lead-right-to-left', address: `/leads/${ids.rightToLeft}` },
  {
    name: 'lead-history',
    address: `/leads/${ids.long}`,
    open: async (page) => {
      await page.keyboard.press('h')
      await page.locator('section[aria-labelledby=history] li').first().waitFor()
    },
  },
  { name: 'lead-new-call', address: `/leads/${ids.long}`, open: press('n') },
  {
    name: 'lead-edited',
    address: `/leads/${ids.long}`,
    open: async (page) => {
      await page.keyboard.press('e')
      await page.locator('[data-editing] input').waitFor()
    },
  },
  { name: 'lead-menu', address: `/leads/${ids.long}`, open: menuOf('article') },
  {
    name: 'lead-delete',
    address: `/leads/${ids.long}`,
    open: async (page) => {
      await menuOf('article')(page)
      await page.getByRole('menuitem').last().click()
      await page.getByRole('dialog').waitFor()
    },
  },
  { name: 'calls', address: '/calls' },
  { name: 'calls-none', address: '/calls?outcome=unknown_contact&direction=outbound' },
  { name: 'review', address: `/review?item=${ids.item}` },
  { name: 'coverage', address: '/coverage?period=30days' },
  { name: 'coverage-none', address: '/coverage?first=2020-01-01&last=2020-01-02' },
  { name: 'settings-people', address: '/settings/people' },
  {
    name: 'settings-disable',
    address: '/settings/people',
    open: async (page) => {
      await menuOf('#page li')(page)
      await page.getByRole('menuitem').last().click()
      await page.getByRole('dialog').waitFor()
    },
  },
  { name: 'settings-keys', address: '/settings/keys' },
  {
    name: 'settings-system',
    address: '/settings/system',
    open: async (page) => {
      for (const button of await page.locator('#page section button').all()) {
        await button.click()
        await page.locator('button[data-loading]').waitFor({ state: 'detached' })
      }
    },
  },
  { name: 'settings-account', address: '/settings/account' },
  { name: 'settings-about', address: '/settings/about', open: (page) => page.locator('#page [aria-expanded]').click() },
  { name: 'account-menu', address: '/settings/about', open: menuOf('.mantine-AppShell-root') },
]

/** Goes there, and waits until it shows what it has to show. */
export async function goThere(page: Page, { address, open }: Stop): Promise<void> {
  await page.goto('about:blank')
  await page.goto(address)
  await shown(page)
  if (open === undefined) return
  await open(page)
  await shown(page)
}

async function shown(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor({ state: 'attached' })
  for (const waiting of ['.mantine-Skeleton-root', '.mantine-Loader-root', '[aria-busy=true]']) {
    for (const one of await page.locator(waiting).all()) await one.waitFor({ state: 'detached' })
  }
  // What opens and closes does so in moving: it is looked at when it has come to rest.
  await page.evaluate(async () => {
    const moving = (globalThis as unknown as { document: { getAnimations(): { finished: Promise<unknown> }[] } })
      .document
    await Promise.allSettled(moving.getAnimations().map(({ finished }) => finished))
  })
}
