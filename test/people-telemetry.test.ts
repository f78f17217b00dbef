import { execFile } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { expect, inject, it } from 'vitest'

/* better-auth can tell others what it runs on. Of ours nobody is told anything, whatever the environment says. */

const built = inject('built')

const OURS = `
  import { openDatabase } from './dist/database/database.js'
  import { cookieNames } from './dist/people/cookies.js'
  import { openLibrary } from './dist/people/library.js'
  const connection = { host: '127.0.0.1', port: 1, user: 'nobody', database: 'none' }
  const database = openDatabase({ connection, hasPooler: false, onIdleError: () => undefined })
  const secret = 'a-secret-for-tests-that-is-long-enough'
  const library = openLibrary({ database, secret, cookies: cookieNames(null), onError: () => undefined })
  const context = await library.context
  process.stdout.write(String(context.secret === secret && context.secretConfig === secret))`

const ITS_OWN = `
  import { betterAuth } from 'better-auth/minimal'
  const { secret } = await betterAuth({ baseURL: 'http://127.0.0.1', telemetry: { enabled: false } }).$context
  process.stdout.write(String(secret === 'x'.repeat(40)))`

it('better-auth sends nothing to anybody, and takes no secret from elsewhere; (control) by itself it would', async () => {
  const told: string[] = []
  const server = http.createServer((request, response) => {
    told.push(`${request.method} ${request.url}`)
    request.resume()
    response.end('{}')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const run = async (code: string, path: string): Promise<string> => {
    const env = {
      PATH: process.env.PATH,
      BETTER_AUTH_TELEMETRY: '1',
      BETTER_AUTH_TELEMETRY_ENDPOINT: `${address}/${path}`,
      BETTER_AUTH_SECRETS: `1:${'x'.repeat(40)}`,
    }
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], {
      cwd: built,
      env,
    })
    return stdout
  }
  // A process ends once nothing of it is under way any more.
  expect(await Promise.all([run(OURS, 'ours'), run(ITS_OWN, 'control')])).toEqual(['true', 'true'])
  expect(told).toEqual(['POST /control'])
  server.close()
})
