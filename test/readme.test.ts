import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { createTestDatabase, createTestService, KEY } from './service.ts'

it.each(['README.md', 'README.es.md'])('the curl session of %s does what it says', async (file) => {
  const database = await createTestDatabase()
  const service = await createTestService(database)
  try {
    const address = await service.app.listen({ host: '127.0.0.1', port: 0 })
    const text = await readFile(path.resolve(import.meta.dirname, '..', file), 'utf8')
    const [session] = [...text.matchAll(/```sh\n(.*?)```/gs)]
      .map(([, code]) => code ?? '')
      .filter((code) => code.includes('curl'))
    const script = (session ?? '')
      .replace('http://127.0.0.1:3000', address)
      .replaceAll(/^curl -sS/gm, 'echo; curl -sS --fail')
    const { stdout } = await promisify(execFile)('bash', ['-euc', script], { env: { ...process.env, KEY } })
    const [contact, opportunity, call, list] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(contact).toMatchObject({ name: 'Ana García', phones: ['+34612345678'] })
    expect(call.attempt).toEqual({ outcome: 'registered', opportunity_id: opportunity.id, number: 1, status: 'orange' })
    expect(list.data[0].first_call_attempts[1].call_id).toBe(call.id)
  } finally {
    await service.close()
    await database.drop()
  }
})
