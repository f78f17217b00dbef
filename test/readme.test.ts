import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { readRecordingMail } from '../src/mailbox/recording-mail.ts'
import { loadWording } from '../src/mailbox/wording.ts'
import { createTestDatabase, createTestService, KEY } from './service.ts'

const READMES = ['README.md', 'README.es.md']
const read = (file: string): Promise<string> => readFile(path.resolve(import.meta.dirname, '..', file), 'utf8')

it.each(READMES)('the curl session of %s does what it says', async (file) => {
  const database = await createTestDatabase()
  const service = await createTestService(database)
  try {
    const address = await service.app.listen({ host: '127.0.0.1', port: 0 })
    const text = await read(file)
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

it.each(READMES)('the patterns of %s read the lines that it names', async (file) => {
  const text = await read(file)
  const [, patterns = ''] = /```json\n(.*?)```/s.exec(text) ?? []
  const [, walk = ''] = /mail test mail\.eml\n```(.*?)```json/s.exec(text) ?? []
  const lines = [...walk.matchAll(/`([^`]*\.{6}[^`]*)`/g)].map(([, line = '']) => line.replace(/\s+/g, ' '))
  expect(lines).toHaveLength(4)
  const folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-readme-'))
  const own = path.join(folder, 'patterns.json')
  await writeFile(own, patterns)
  const mail = { from: null, subject: 'x', date: null, messageId: null, text: lines.join('\n'), audio: [], remarks: [] }
  const facts = (wording: string | null) =>
    readRecordingMail(mail, { zone: 'Europe/Madrid', country: 'ES', ownNumbers: [], wording: loadWording(wording) })
  expect(facts(own)).toMatchObject({
    phoneNumber: { value: '+34612345678' },
    extension: { value: '102' },
    durationSeconds: { value: 95 },
    direction: { value: 'outbound' },
  })
  expect(facts(null)).toMatchObject({ phoneNumber: null, extension: null, durationSeconds: null, direction: null })
  await rm(folder, { recursive: true })
})
