import { spawn } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { expect, inject, it } from 'vitest'
import { tellFigures } from './figures.ts'
import { createTestDatabase, KEY } from './service.ts'

/* R19: the service is told to stop while it is at work. */

const EVERY_MS = 10

interface Sent {
  sentAt: number
  /** Null: the connection was refused or broken. */
  status: number | null
  id: string | null
}

function send(agent: http.Agent, address: string): Promise<Sent> {
  const sentAt = performance.now()
  return new Promise((resolve) => {
    const lost = (): void => resolve({ sentAt, status: null, id: null })
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }
    const request = http.request(`${address}/api/crm/calls`, { method: 'POST', agent, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', lost)
      response.on('end', () => {
        const { id = null } = JSON.parse(Buffer.concat(chunks).toString()) as { id?: string }
        resolve({ sentAt, status: response.statusCode ?? null, id })
      })
    })
    request.on('error', lost)
    request.end('{"direction":"outbound"}')
  })
}

it('R19: answers what it had accepted, loses nothing, and is gone within ten seconds of a SIGTERM', async () => {
  const database = await createTestDatabase()
  const direct = new pg.Client(database.connection)
  await direct.connect()
  const { host, port, user, password } = inject('server')
  const name = direct.database ?? ''
  const secret = password === undefined ? '' : `&password=${encodeURIComponent(password)}`
  const url = `postgres:///${name}?host=${encodeURIComponent(host)}&port=${port}&user=${encodeURIComponent(user)}${secret}`
  const env = { ...process.env, DATABASE_URL: url, PORT: '0', BOOTSTRAP_API_KEY: KEY, LOG_LEVEL: 'warn' }
  const child = spawn(process.execPath, ['dist/main.js'], { cwd: inject('built'), env })
  const agent = new http.Agent({ keepAlive: true, maxSockets: 20 })
  try {
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const exited = once(child, 'exit')
    const deadline = performance.now() + 20_000
    let address: string | undefined
    while (address === undefined) {
      if (performance.now() > deadline || child.exitCode !== null)
        throw new Error(`the service did not start: ${output}`)
      address = /First Call {3}(http:\S+)/.exec(output)?.[1]
      await wait(20)
    }

    const sending: Promise<Sent>[] = []
    const target = address
    const timer = setInterval(() => sending.push(send(agent, target)), EVERY_MS)
    await wait(1_500)
    const stoppedAt = performance.now()
    child.kill('SIGTERM')
    const [code] = await exited
    const stopMs = performance.now() - stoppedAt
    clearInterval(timer)
    const sent = await Promise.all(sending)

    expect(code).toBe(0)
    expect(stopMs).toBeLessThan(10_000)
    const before = sent.filter(({ sentAt }) => sentAt < stoppedAt)
    const saved = sent.filter(({ status }) => status === 201)
    tellFigures('R19', `${before.length} before, ${saved.length} saved, gone after ${stopMs.toFixed()} ms`)
    expect(before.length).toBeGreaterThan(50)
    expect(before.filter(({ status }) => status !== 201)).toEqual([])
    expect(sent.filter(({ status }) => status !== 201 && status !== 503 && status !== null)).toEqual([])
    const ids = saved.map(({ id }) => id)
    const { rows } = await direct.query('select count(*)::int as stored from calls where id = any($1::uuid[])', [ids])
    expect(rows[0].stored).toBe(saved.length)
  } finally {
    agent.destroy()
    if (child.exitCode === null) child.kill('SIGKILL')
    await direct.end()
    await database.drop()
  }
})
