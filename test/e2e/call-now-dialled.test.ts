import type { Page } from 'playwright-core'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { localTime } from '../zadarma/local-time.ts'
import { outId, outStart, post } from '../zadarma-door.ts'
import { startZadarmaServer, type ZadarmaServer } from '../zadarma-server.ts'
import { heldBack } from './call-now-queue.ts'
import { useStage } from './stage.ts'
import { useVisits } from './visits.ts'

/* With the PBX: it rings the agent, then the lead, and tells of the call by itself. One ring is one attempt. */

let zadarma: ZadarmaServer

const stage = useStage(async () => {
  zadarma = await startZadarmaServer({ key: 'test-key', secret: 'test-secret', zone: 'Europe/Madrid' })
  return { zadarma: { apiUrl: zadarma.url } }
})
const open = useVisits(stage)
afterAll(() => zadarma.close())

let numbers = 0
let number: string
let opportunityId: string

beforeEach(async () => {
  await stage.service.sql('truncate claims, calls, foreign_attempts, lead_opportunities, contacts cascade')
  number = `+3460034${String(++numbers).padStart(4, '0')}`
  const contact = await stage.service.request('POST', '/api/crm/contacts', { name: 'Ana García', phones: [number] })
  const { body } = await stage.service.request('POST', '/api/crm/opportunities', { contact_id: contact.body.id })
  opportunityId = body.id
})

async function notify(id: string, more: Record<string, string> = {}): Promise<void> {
  const fields = { call_start: localTime(Date.now(), 'Europe/Madrid'), caller_id: '34911111111', ...more }
  const answer = await post(stage.service, outStart(id, number, fields))
  expect(answer.statusCode).toBe(200)
  await stage.service.register.drained()
}

const END = { event: 'NOTIFY_OUT_END', duration: '42', status_code: '16', is_recorded: '0' }

/** Calls by the PBX, which asks at which extension the first time. */
async function dial(page: Page): Promise<void> {
  await page.goto('/call')
  await page.getByRole('heading', { name: 'Ana García' }).waitFor()
  const before = zadarma.account.callbacks.length
  await page.keyboard.press('c')
  await page.getByRole('textbox', { name: 'Extension' }).fill('101')
  await page.keyboard.press('Enter')
  await page.getByText('Extension 101 rings first.').waitFor()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  expect(zadarma.account.callbacks.slice(before)).toEqual([{ from: '101', to: number.slice(1), sip: '101' }])
}

const finished = (page: Page) => page.getByRole('heading', { name: 'Nobody to call now' }).waitFor()

const calls = () =>
  stage.service.sql('select provider_call_id, call_status, resumen_llamada from calls where deleted_at is null')

const attempts = async () => {
  const { body } = await stage.service.request('GET', `/api/crm/opportunities/${opportunityId}`)
  return Object.values<{ status: string }>(body.first_call_attempts).map(({ status }) => status)
}

it('the outcome is said of the call that the PBX tells of, and stays when the PBX ends it', async () => {
  const { page, faults } = await open('agent')
  await dial(page)
  const id = outId()
  await notify(id)
  await page.getByLabel('Notes').fill('wants a quote')
  await page.getByLabel('Notes').press('Escape')
  await page.keyboard.press('1')
  await finished(page)
  await notify(id, { ...END, disposition: 'busy' })
  expect(await calls()).toEqual([{ provider_call_id: id, call_status: 'answered', resumen_llamada: 'wants a quote' }])
  expect(await attempts()).toEqual(['green'])
  expect(faults).toEqual([])
})

it('a PBX that tells of the call a little later is waited for, and the notes are kept meanwhile', async () => {
  const { page, faults } = await open('agent')
  await dial(page)
  await page.getByLabel('Notes').fill('call after ten')
  await page.getByLabel('Notes').press('Escape')
  await page.keyboard.press('4')
  await page.getByText('The telephone system is asked for this call').waitFor()
  expect(await page.getByLabel('Notes').inputValue()).toBe('call after ten')
  const id = outId()
  await notify(id)
  await finished(page)
  expect(await calls()).toEqual([{ provider_call_id: id, call_status: 'rejected', resumen_llamada: 'call after ten' }])
  expect(await attempts()).toEqual(['red'])
  expect(faults).toEqual([])
})

it('a call that the PBX tells of too late is the one that was written down without it, with the page long closed', async () => {
  const { page, faults } = await open('agent')
  await dial(page)
  await page.keyboard.press('2')
  await finished(page)
  expect(await calls()).toEqual([{ provider_call_id: null, call_status: 'no_answer', resumen_llamada: null }])
  await page.close()
  const id = outId()
  await notify(id)
  await notify(id, { ...END, disposition: 'busy' })
  expect(await calls()).toEqual([{ provider_call_id: id, call_status: 'no_answer', resumen_llamada: null }])
  expect(await attempts()).toEqual(['orange'])
  expect(faults).toEqual([])
})

it('an outcome that is taken back once the PBX has told of the call leaves the ring', async () => {
  const { page, faults } = await open('agent')
  await dial(page)
  await page.keyboard.press('4')
  await page.getByText('Ana García: Declined. Attempt 1.').waitFor()
  const id = outId()
  await notify(id)
  await page.keyboard.press('u')
  await page.getByText('Ana García: taken back, and here again.').waitFor()
  expect(await calls()).toEqual([{ provider_call_id: id, call_status: null, resumen_llamada: null }])
  expect(await attempts()).toEqual(['orange'])
  expect(faults).toEqual([])
})

it('an outcome that is taken back and said otherwise is one attempt with the call that the PBX tells of', async () => {
  const { page, faults } = await open('agent')
  await dial(page)
  await page.keyboard.press('2')
  await page.getByText('Ana García: No answer. Attempt 1.').waitFor()
  await page.keyboard.press('u')
  await page.getByText('Ana García: taken back, and here again.').waitFor()
  expect(await calls()).toEqual([])
  await page.keyboard.press('4')
  await page.getByText('Ana García: Declined. Attempt 1.').waitFor()
  const id = outId()
  await notify(id)
  expect(await calls()).toEqual([{ provider_call_id: id, call_status: 'rejected', resumen_llamada: null }])
  expect(await attempts()).toEqual(['red'])
  expect(faults).toEqual([])
})

it('an outcome that is taken back leaves the call as the PBX told of it', async () => {
  const { page, faults } = await open('agent')
  await dial(page)
  const id = outId()
  await notify(id)
  await notify(id, { ...END, disposition: 'answered' })
  await page.keyboard.press('5')
  await page.getByText('Ana García: Wrong number. Attempt 1.').waitFor()
  expect(await attempts()).toEqual(['orange'])
  await page.keyboard.press('u')
  await page.getByText('Ana García: taken back, and here again.').waitFor()
  expect(await calls()).toEqual([{ provider_call_id: id, call_status: 'answered', resumen_llamada: null }])
  expect(faults).toEqual([])
})

it('an outcome that is said before the PBX has answered is said of that ring', async () => {
  const { page, faults } = await open('agent')
  await dial(page)
  await notify(outId(), { ...END, disposition: 'busy' })
  const second = await heldBack(page, '**/api/crm/calls/dial', 'POST')
  await page.keyboard.press('c')
  await second.asked
  await page.keyboard.press('4')
  second.letThrough()
  await finished(page)
  const id = outId()
  await notify(id)
  const said = (await calls()).map(({ call_status }) => call_status)
  expect(said.sort()).toEqual(['busy', 'rejected'])
  expect(await attempts()).toEqual(['orange', 'red'])
  expect(faults).toEqual([])
})

it('says whether somebody was called where Zadarma does not answer as it should', async () => {
  const { page, faults } = await open('agent')
  zadarma.inject('not-json')
  await page.goto('/call')
  await page.getByRole('heading', { name: 'Ana García' }).waitFor()
  await page.keyboard.press('c')
  await page.getByRole('textbox', { name: 'Extension' }).fill('101')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').getByText('It is not known whether the call is made.').waitFor()
  expect(faults).toEqual([])
})

it('who presses Call without a connection is told at once, and nobody is called once there is one again', async () => {
  const { page, context, faults } = await open('agent')
  await dial(page)
  const before = zadarma.account.callbacks.length
  await context.setOffline(true)
  await page.keyboard.press('c')
  await page.getByRole('alert').getByText('It is not known whether the call is made.').waitFor()
  await context.setOffline(false)
  await page.getByText('You are offline.', { exact: false }).waitFor({ state: 'hidden' })
  expect(zadarma.account.callbacks.slice(before)).toEqual([])
  expect(faults).toEqual([])
})
