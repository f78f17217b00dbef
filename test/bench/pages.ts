import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { type DataSize, fill } from './data.ts'
import {
  countFrames,
  isMixed,
  leadsShown,
  type Pill,
  shownAt,
  watchForFiltered,
  watchForFirst,
  watchPills,
} from './in-page.mjs'
import { notificationsOf } from './notification.ts'
import { listenAsScreen } from './other-screens.ts'
import type { BenchDatabase, BenchSurroundings } from './postgres.ts'
import { type ServerProcess, startService } from './service-process.ts'
import { percentile } from './statistics.ts'

/** Milliseconds. */
export interface Spread {
  p50: number
  p95: number
  worst: number
}

/** What somebody at a browser waits for. */
export interface PagesResult {
  leads: number
  /** From the address to the first leads on the screen, nothing being kept from before. */
  coldLoad: Spread
  /** From the press on a filter to the leads that it leaves. */
  filter: Spread
  /** From one frame to the next while thousands of leads go by. */
  frames: Spread
  /** From the PBX's notification to the pill. */
  toScreen: Spread & { events: number; perSecond: number; screens: number }
}

export interface PagesBench extends BenchSurroundings {
  /** Empty. */
  database: BenchDatabase
  size: DataSize
  isQuick: boolean
}

interface Stage {
  service: ServerProcess
  database: BenchDatabase
  isQuick: boolean
  open: (viewport: { width: number; height: number }) => Promise<{ context: BrowserContext; page: Page }>
}

const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update']
/** A browser that is new is busy with itself for a moment, and with what is kept of it. */
const SETTLED_AFTER_MS = 1_500
const SCREENS = 50
const EVENTS_PER_SECOND = 50
const SHOWN_AT_LAST_MS = 5_000
/** So that many leads are on the screen, each of which has room for five attempts. */
const TALL = { width: 1280, height: 1_400 }
const USUAL = { width: 1280, height: 800 }
const FILTERS = ['assigned', 'contacted', 'lost', 'won']

/** Measures the pages of a service with so many leads in a Chromium, as a manager sees them; null where there is none. */
export async function measurePages(bench: PagesBench): Promise<PagesResult | null> {
  if (!existsSync(PROGRAM)) return null
  const { database, size, isQuick, log } = bench
  log(`pages: making ${size.opportunities} leads`)
  await fill(database.client, size)
  const service = await startService(database, bench)
  const cookies = await logIn(service, bench)
  const browser = await chromium.launch({ executablePath: PROGRAM, args: ARGUMENTS })
  const open = async (viewport: { width: number; height: number }) => {
    const context = await browser.newContext({ baseURL: service.address, locale: 'en', viewport })
    await context.addCookies(cookies)
    return { context, page: await context.newPage() }
  }
  try {
    const stage: Stage = { service, database, isQuick, open }
    const coldLoad = await measureColdLoads(stage)
    log(`pages: first leads after ${coldLoad.p50.toFixed(0)} ms`)
    const filter = await measureFilters(stage)
    log(`pages: filtered after ${filter.p50.toFixed(0)} ms`)
    const frames = await measureScroll(stage)
    log(`pages: frames of ${frames.p95.toFixed(0)} ms`)
    const toScreen = await measureEvents(stage)
    log(`pages: events on the screen after ${toScreen.p95.toFixed(0)} ms`)
    return { leads: size.opportunities, coldLoad, filter, frames, toScreen }
  } finally {
    await close(browser)
  }
}

const close = (browser: Browser): Promise<void> => browser.close().catch(() => undefined)

type Cookies = Parameters<BrowserContext['addCookies']>[0]

/** A manager of the service, invited by the command. */
async function logIn(service: ServerProcess, { database, rootDir }: PagesBench): Promise<Cookies> {
  const email = 'manager@example.com'
  const password = 'siete gatos pardos en 1 tejado'
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [path.join(rootDir, 'dist/cli.js'), 'user', 'add', email, '--role', 'manager', '--name', 'Marta', '--json'],
    { env: { ...process.env, DATABASE_URL: database.url } },
  )
  const token = /#token=([^"]+)/.exec(stdout)?.[1]
  const post = async (url: string, body: object): Promise<Response> => {
    const headers = { 'content-type': 'application/json', origin: service.address }
    const response = await fetch(service.address + url, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`${url}: ${await response.text()}`)
    return response
  }
  await post('/api/auth/accept', { token, password })
  const { headers } = await post('/api/auth/sign-in/email', { email, password })
  return headers.getSetCookie().map((line) => {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    return { name, value, url: service.address }
  })
}

const LEADS = '[role=grid] [role=row][id^="lead-"]'

async function measureColdLoads({ open, isQuick }: Stage): Promise<Spread> {
  const times = isQuick ? 2 : 9
  const found: number[] = []
  // The first one finds the browser and the service cold as nobody does who works with them.
  for (let time = 0; time <= times; time++) {
    const { context, page } = await open(USUAL)
    await page.addInitScript(watchForFirst, LEADS)
    await page.waitForTimeout(SETTLED_AFTER_MS)
    await page.goto('/leads', { waitUntil: 'commit' })
    const shown = await page.waitForFunction(shownAt)
    if (time > 0) found.push(Number(await shown.jsonValue()))
    await context.close()
  }
  return spreadOf(found)
}

async function measureFilters({ open, isQuick }: Stage): Promise<Spread> {
  const times = isQuick ? 1 : 5
  const { context, page } = await open(USUAL)
  await page.goto('/leads')
  await page.locator(LEADS).first().waitFor()
  const found: number[] = []
  for (let time = 0; time < times; time++) {
    for (const status of FILTERS) {
      await page.getByRole('button', { name: 'Filter' }).first().click()
      await page.getByRole('menuitem', { name: 'Status' }).click()
      await page.evaluate(watchForFiltered, { leads: LEADS, status })
      await page.getByRole('menuitem', { name: new RegExp(`^${status}$`, 'i') }).click()
      found.push(Number(await (await page.waitForFunction(shownAt)).jsonValue()))
      await page.getByRole('button', { name: /^Remove/ }).click()
      await page.waitForFunction(isMixed, LEADS)
    }
  }
  await context.close()
  return spreadOf(found)
}

async function measureScroll({ open, isQuick }: Stage): Promise<Spread> {
  const turns = isQuick ? 20 : 150
  const { context, page } = await open(USUAL)
  await page.goto('/leads')
  await page.locator(LEADS).first().waitFor()
  await page.mouse.move(600, 500)
  await page.evaluate(countFrames)
  for (let turn = 0; turn < turns; turn++) await page.mouse.wheel(0, 900)
  const frames = await page.evaluate<number[]>('window.frameTimes')
  await context.close()
  return spreadOf(frames)
}

/** Sends notifications of the PBX at an even pace, a part of them about leads that are on the screen. */
async function measureEvents({ open, service, database, isQuick }: Stage): Promise<PagesResult['toScreen']> {
  const { context, page } = await open(TALL)
  const others = Array.from({ length: SCREENS - 1 }, () => listenAsScreen(service.address, database.key))
  await page.goto('/leads')
  await page.locator(LEADS).first().waitFor()
  await page.evaluate(watchPills, LEADS)
  const shown = await page.evaluate(leadsShown, LEADS)
  const { rows } = await database.client.query<{ id: string; phone: string; made: number }>(
    `select o.id, c.phones[1] as phone, o.attempts_made as made from lead_opportunities o join contacts c on c.id = o.contact_id
     where o.id = any($1) and o.status in ('pending', 'assigned', 'contacted') and not o.first_call_completed`,
    [shown],
  )
  // Those that are not on the screen come in between.
  const { rows: elsewhere } = await database.client.query<{ id: string; phone: string; made: number }>(
    `select o.id, c.phones[1] as phone, o.attempts_made as made from lead_opportunities o join contacts c on c.id = o.contact_id
     where o.id <> all($1) and o.status in ('pending', 'assigned', 'contacted') and o.attempts_made = 0
     order by random() limit 5000`,
    [shown],
  )
  const sent: { lead: string; attempts: number; at: number }[] = []
  const made = new Map(rows.map((row) => [row.id, row.made]))
  const count = isQuick ? 100 : 1_000
  const answers: Promise<unknown>[] = []
  const startedAt = performance.now()
  for (let number = 0; number < count; number++) {
    const due = startedAt + (number * 1_000) / EVENTS_PER_SECOND
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())))
    const onScreen = number % 4 === 0 ? rows[(number / 4) % rows.length] : undefined
    const lead = onScreen !== undefined && (made.get(onScreen.id) ?? 5) < 5 ? onScreen : elsewhere[number]
    if (lead === undefined) break
    if (lead === onScreen) {
      made.set(lead.id, (made.get(lead.id) ?? 0) + 1)
      sent.push({ lead: lead.id, attempts: made.get(lead.id) ?? 0, at: Date.now() })
    }
    const [notification] = notificationsOf(() => lead, 1, database.key)
    if (notification !== undefined) {
      answers.push(fetch(`${service.address}/api/zadarma/webhook`, { method: 'POST', ...notification }))
    }
  }
  await Promise.all(answers)
  // Whatever is not there by then is taken for lost.
  await page.waitForTimeout(SHOWN_AT_LAST_MS)
  const pills: Pill[] = await page.evaluate('window.pills')
  for (const screen of others) screen.close()
  await context.close()
  const times = sent.map(({ lead, attempts, at }) => {
    const pill = pills.find((one) => one.lead === lead && one.attempts >= attempts)
    return pill === undefined ? Number.POSITIVE_INFINITY : pill.at - at
  })
  if (times.length === 0) throw new Error('no lead on the screen had room for an attempt')
  return { ...spreadOf(times), events: sent.length, perSecond: EVENTS_PER_SECOND, screens: SCREENS }
}

function spreadOf(times: readonly number[]): Spread {
  return { p50: percentile(times, 0.5), p95: percentile(times, 0.95), worst: percentile(times, 1) }
}
