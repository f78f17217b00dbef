import type { AddressInfo } from 'node:net'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import type { Role } from '../../src/auth/caller.ts'
import { enter, invited, openBrowser as openJar } from '../people.ts'
import {
  createTestDatabase,
  createTestService,
  type TestDatabase,
  type TestService,
  type TestServiceOptions,
} from '../service.ts'

/** A service that listens, and a Chromium. */
export interface Stage {
  service: TestService
  address: string
  /** Somebody of this role at a browser of their own. */
  open(role: Role, how?: { language?: string; width?: number; height?: number }): Promise<Visitor>
}

export interface Visitor {
  page: Page
  context: BrowserContext
  userId: string
  /** Errors of scripts, refused styles and scripts, and requests to other hosts: there are to be none. */
  faults: string[]
}

const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * Sets up what the tests of a file share, and takes it down after them.
 *
 * @param given what the service is told, beside its database
 */
export function useStage(given: () => Promise<Partial<TestServiceOptions>> = async () => ({})): Stage {
  const stage: Partial<Stage> = {}
  let database: TestDatabase
  let browser: Browser

  beforeAll(async () => {
    database = await createTestDatabase()
    const service = await createTestService({ ...(await given()), ...database })
    await service.app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = service.app.server.address() as AddressInfo
    browser = await chromium.launch({ executablePath: PROGRAM, args: ARGUMENTS })
    Object.assign(stage, { service, address: `http://127.0.0.1:${port}` })
  })

  afterAll(async () => {
    await browser?.close()
    await stage.service?.close()
    await database?.drop()
  })

  stage.open = async (role, { language = 'en', width = 1280, height = 800 } = {}) => {
    if (stage.service === undefined || stage.address === undefined) throw new Error('the stage is not set up yet')
    const { service, address } = stage
    const person = await invited(service, { role })
    const jar = openJar(service.app)
    await enter(service, jar, person)
    const context = await browser.newContext({ baseURL: address, locale: language, viewport: { width, height } })
    await context.addCookies([...jar.cookies].map(([name, value]) => ({ name, value, url: address })))
    const page = await context.newPage()
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) faults.push(message.text())
    })
    page.on('request', (request) => {
      if (!request.url().startsWith(address) && !/^(data|blob):/.test(request.url())) faults.push(request.url())
    })
    return { page, context, userId: person.id, faults }
  }
  return stage as Stage
}
