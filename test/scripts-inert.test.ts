import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PAYLOADS } from './script-payloads.ts'
import { createTestDatabase, createTestService, KEY, type TestDatabase, type TestService } from './service.ts'
import { newNumber, outId, outStart } from './zadarma-door.ts'
import { signedNotification } from './zadarma-server.ts'

/* S9: what somebody writes into a field comes back as what it is, data, whatever a browser would make of it as a page. */

let database: TestDatabase
let service: TestService
let folder: string

beforeAll(async () => {
  database = await createTestDatabase()
  folder = await mkdtemp(path.join(os.tmpdir(), 'first-call-scripts-'))
  service = await createTestService({ ...database, recordingsDir: folder, mailsDir: folder })
})

afterAll(async () => {
  await service.close()
  await database.drop()
  await rm(folder, { recursive: true })
})

interface Answer {
  headers: Record<string, unknown>
  body: string
}

/** Nothing of an answer is a page to a browser, and as a page nothing of it would run. */
function expectInert({ headers, body }: Answer): void {
  if (body !== '') expect(headers['content-type']).toMatch(/^(application\/(problem\+)?json|text\/plain)(;|$)/)
  expect(headers['x-content-type-options']).toBe('nosniff')
  expect(headers['content-security-policy']).toMatch(/^default-src 'none';.*sandbox/)
  for (const value of Object.values(headers)) expect(String(value)).not.toMatch(/[<>]|alert/)
}

/** On a busy machine, a request may have to come again. */
async function ask(method: 'GET' | 'POST', url: string, payload?: object | string, more: Record<string, string> = {}) {
  const headers = { authorization: `Bearer ${KEY}`, ...more }
  const again = () => service.app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
  let answer = await again()
  for (let tries = 0; answer.statusCode === 503 && tries < 5; tries++) answer = await again()
  return answer
}

const forEach = async (work: (payload: string) => Promise<void>) => void (await Promise.all(PAYLOADS.map(work)))

it('there are fifty and more', () => expect(new Set(PAYLOADS).size).toBeGreaterThanOrEqual(50))

/** By address, the fields that take any text, and whether it is short. */
const FIELDS: Record<string, { whole: object; texts: string[]; words: string[] }> = {
  '/api/crm/contacts': { whole: { name: 'x' }, texts: ['name'], words: [] },
  '/api/crm/opportunities': {
    whole: { contact_id: '0190a6d2-7c3e-7bb0-8a54-6f1d7d1f2a11' },
    texts: ['title', 'assigned_to', 'source'],
    words: ['status'],
  },
  '/api/crm/calls': {
    whole: { direction: 'inbound' },
    texts: ['call_result', 'resumen_llamada'],
    words: ['call_status', 'phone_number', 'extension', 'entity_type'],
  },
}

describe.each(Object.entries(FIELDS))('%s', (url, { whole, texts, words }) => {
  it('gives back what was written, as data, in its answer, by its id and in the list', async () => {
    await forEach(async (payload) => {
      const long = texts.map((name) => [name, payload])
      const short = words.map((name) => [name, payload.slice(0, 40)])
      const made = await ask('POST', url, { ...whole, ...Object.fromEntries([...long, ...short]) })
      expectInert(made)
      expect(made.statusCode, made.body).toBe(201)
      const row = made.json()
      for (const name of texts) expect(row[name].trim()).toBe(payload.trim())
      const got = await ask('GET', `${url}/${row.id}`)
      expectInert(got)
      expect(got.json()).toEqual(row)
    })
    const listed = await ask('GET', `${url}?limit=200`)
    expectInert(listed)
    expect(listed.json().data.length).toBeGreaterThanOrEqual(PAYLOADS.length)
  })

  it('tells of faults without making a page of them: in fields, names of fields, the query and the address', async () => {
    await forEach(async (payload) => {
      const written = encodeURIComponent(payload)
      const asked = [
        ask('POST', url, { ...whole, [payload]: payload }),
        ask('POST', url, `{"${payload}`, { 'content-type': 'application/json' }),
        ask('GET', `${url}?${written}=${written}&cursor=${written}`),
        ask('GET', `${url}/${written}`),
        ask('GET', `/${written}`, undefined, { authorization: `Bearer ${written}` }),
      ]
      for (const answer of await Promise.all(asked)) {
        expectInert(answer)
        expect(answer.statusCode).toBeGreaterThanOrEqual(400)
      }
    })
  })
})

it('a mail with scripts as subject, sender, text and name of its file is data for a person to decide', async () => {
  await forEach(async (payload) => {
    const encoded = `=?utf-8?B?${Buffer.from(payload).toString('base64')}?=`
    const head = `From: ${encoded} <x@zadarma.com>\r\nTo: ${encoded} <y@x.es>\r\nSubject: ${encoded}\r\nMIME-Version: 1.0\r\n`
    const file = `Content-Type: audio/mpeg; name="${encoded}"\r\nContent-Disposition: attachment; filename="${encoded}"\r\n`
    const audio = Buffer.concat([Buffer.from('ID3'), Buffer.alloc(500, payload)]).toString('base64')
    const text = `Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(payload).toString('base64')}`
    const mail = `${head}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n${text}\r\n--b\r\n${file}Content-Transfer-Encoding: base64\r\n\r\n${audio}\r\n--b--\r\n`
    expectInert(await ask('POST', '/api/recordings/email', mail, { 'content-type': 'message/rfc822' }))
  })
  const review = await ask('GET', '/api/crm/review?limit=200')
  expectInert(review)
  const items: { id: string; recordings?: { id: string }[] }[] = review.json().data
  expect(items.length).toBeGreaterThan(0)
  for (const { id, recordings = [] } of items.slice(0, 5)) {
    for (const recording of recordings) {
      const heard = await ask('GET', `/api/crm/review/${id}/recordings/${recording.id}`)
      expect(heard.headers['content-type']).toMatch(/^audio\//)
      expect(heard.headers['content-disposition']).toMatch(/^inline; filename="[\w+.-]+"$/)
      expect(heard.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'content-security-policy': 'sandbox' })
    }
  }
})

it('what the PBX tells is data, and so is what it is answered', async () => {
  await forEach(async (payload) => {
    const form = outStart(outId(), newNumber(), { internal: payload, caller_id: payload, comment: payload })
    const { body, headers } = signedNotification(form, 'test-secret')
    const taken = await service.app.inject({ method: 'POST', url: '/api/zadarma/webhook', payload: body, headers })
    expect([taken.statusCode, taken.body]).toEqual([200, ''])
    expectInert(taken)
    const echo = await service.app.inject(`/api/zadarma/webhook?zd_echo=${encodeURIComponent(payload)}`)
    expect(echo.body).toBe(payload)
    expect(echo.headers['content-type']).toMatch(/^text\/plain/)
    expectInert(echo)
  })
})
