import type { Page } from 'playwright-core'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { localTime } from '../zadarma/local-time.ts'
import { outId, outStart, post } from '../zadarma-door.ts'
import { startZadarmaServer, type ZadarmaServer } from '../zadarma-server.ts'
import { heldBack, queueOf, shown } from './call-now-queue.ts'
import { useStage } from './stage.ts'
import { useVisits } from './visits.ts'

/* What is written and what was dialled is kept until it is saved, and on the lead's page too. */

let zadarma: ZadarmaServer
const stage = useStage(async () => {
  zadarma = await startZadarmaServer({ key: 'test-key', secret: 'test-secret', zone: 'Europe/Madrid' })
  return { zadarma: { apiUrl: zadarma.url } }
})
afterAll(() => zadarma.close())
const open = useVisits(stage)
const queue = queueOf(stage)
beforeEach(() => queue.empty())

/** The PBX tells that the lead's telephone rings. */
async function notify(number: string, more: Record<string, string> = {}): Promise<void> {
  const fields = { call_start: localTime(Date.now(), 'Europe/Madrid'), caller_id: '34911111111', ...more }
  const answer = await post(stage.service, outStart(outId(), number, fields))
  expect(answer.statusCode).toBe(200)
  await stage.service.register.drained()
}

async function answerExtension(page: Page): Promise<void> {
  await page.getByRole('textbox', { name: 'Extension' }).fill('101')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
}

const finished = (page: Page) => page.getByRole('heading', { name: 'Nobody to call now' }).waitFor()

it('what is written while the outcome is being saved is saved too', async () => {
  const { phones } = await queue.lead('Ana')
  const { page, faults } = await open('agent')
  await page.goto('/call')
  await shown(page, 'Ana')
  await page.keyboard.press('c')
  await answerExtension(page)
  await page.getByText('Extension 101 rings first.').waitFor()
  await page.getByLabel('Notes').fill('wants')
  await page.getByRole('button', { name: 'Spoke' }).click()
  await page.getByText('The telephone system is asked for this call').waitFor()
  await page.getByLabel('Notes').press('End')
  await page.keyboard.type(' a quote')
  await notify(phones[0] ?? '')
  await page.getByText('The outcome is saved.').waitFor()
  await page.keyboard.type(' by Monday 12')
  await page.keyboard.press('Escape')
  await finished(page)
  expect(await queue.calls()).toMatchObject([{ call_status: 'answered', notes: 'wants a quote by Monday 12' }])
  expect(faults).toEqual([])
})

it('what is written before the answer comes is said of the same call', async () => {
  await queue.lead('Ana')
  const { page, faults } = await open('agent')
  await page.goto('/call')
  await shown(page, 'Ana')
  const call = await heldBack(page, '**/api/crm/calls', 'POST')
  await page.getByRole('button', { name: 'Wrong number' }).click()
  await call.asked
  await page.getByLabel('Notes').fill('a bakery')
  await page.getByLabel('Notes').press('Escape')
  call.letThrough()
  await finished(page)
  expect(await queue.calls()).toMatchObject([{ call_status: 'failed', notes: 'Wrong number: a bakery' }])
  expect(faults).toEqual([])
})

it('a page that is loaded again knows the notes and what the PBX was asked for', async () => {
  const { phones } = await queue.lead('Ana')
  const { page, faults } = await open('agent')
  await page.goto('/call')
  await shown(page, 'Ana')
  await page.keyboard.press('c')
  await answerExtension(page)
  await page.getByText('Extension 101 rings first.').waitFor()
  await page.getByLabel('Notes').fill('call after ten')
  await page.reload()
  await shown(page, 'Ana')
  expect(await page.getByLabel('Notes').inputValue()).toBe('call after ten')
  await page.keyboard.press('4')
  await finished(page)
  await notify(phones[0] ?? '')
  expect(await queue.calls()).toMatchObject([{ call_status: 'rejected', notes: 'call after ten' }])
  expect(faults).toEqual([])
})

it('of several numbers the one that is chosen is rung, and stands in the call', async () => {
  const { phones } = await queue.lead('Ana', { phones: ['+34600570001', '+34600570002'] })
  const { page, faults } = await open('agent')
  await page.goto('/call')
  await shown(page, 'Ana')
  await page.getByRole('button', { name: /^Use .* instead$/ }).click()
  const before = zadarma.account.callbacks.length
  await page.keyboard.press('c')
  await answerExtension(page)
  await page.getByText('Extension 101 rings first.').waitFor()
  expect(zadarma.account.callbacks.slice(before)).toMatchObject([{ to: phones[1]?.slice(1) }])
  await page.keyboard.press('2')
  await finished(page)
  expect(await queue.calls()).toMatchObject([{ phone_number: phones[1] }])
  expect(faults).toEqual([])
})

it('what is said is said of the last ring, and the one before stays as the PBX tells of it', async () => {
  const { phones } = await queue.lead('Ana')
  const { page, faults } = await open('agent')
  await page.goto('/call')
  await shown(page, 'Ana')
  await page.keyboard.press('c')
  await answerExtension(page)
  await page.getByText('Extension 101 rings first.').waitFor()
  await notify(phones[0] ?? '')
  const dialled = page.waitForResponse('**/api/crm/calls/dial')
  await page.keyboard.press('c')
  expect((await dialled).status()).toBe(202)
  await page.keyboard.press('4')
  await finished(page)
  await notify(phones[0] ?? '')
  expect((await queue.calls()).map(({ call_status }) => call_status)).toEqual([null, 'rejected'])
  expect(faults).toEqual([])
})

it('a call that was asked for on the lead’s page is noted down there as that call', async () => {
  const { id, phones } = await queue.lead('Ana')
  const { page, faults } = await open('agent')
  await page.goto(`/leads/${id}`)
  await page.getByRole('button', { name: 'Call', exact: true }).click()
  await answerExtension(page)
  await page.getByText('Extension 101 rings first.').waitFor()
  await notify(phones[0] ?? '')
  await page.keyboard.press('n')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(/that was asked for here/).waitFor()
  await dialog.getByText('Declined').click()
  await dialog.getByLabel('Notes').fill('not now')
  if (process.env.SHOTS !== undefined) await page.screenshot({ path: `${process.env.SHOTS}/new-call.png` })
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'hidden' })
  expect(await queue.calls()).toMatchObject([{ call_status: 'rejected', notes: 'not now', phone_number: phones[0] }])
  expect(faults).toEqual([])
})

it('a call that was asked for while its dialog was put aside is noted down as that call', async () => {
  const { id, phones } = await queue.lead('Ana')
  const { page, faults } = await open('agent')
  await page.goto(`/leads/${id}`)
  await page.getByRole('heading', { name: 'Calls' }).waitFor()
  await page.keyboard.press('n')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Notes').fill('wants a kitchen')
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Call', exact: true }).click()
  await answerExtension(page)
  await page.getByText('Extension 101 rings first.').waitFor()
  await notify(phones[0] ?? '')
  await page.keyboard.press('n')
  await dialog.getByLabel(/that was asked for here/).waitFor()
  await dialog.getByText('Declined').click()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'hidden' })
  expect(await queue.calls()).toMatchObject([{ call_status: 'rejected', notes: 'wants a kitchen' }])
  expect(faults).toEqual([])
})

it('a call of which it is not known whether it is made is saved once the PBX was asked, and without a request', async () => {
  const { id } = await queue.lead('Ana')
  const { page, faults } = await open('agent')
  zadarma.inject('not-json')
  await page.goto(`/leads/${id}`)
  await page.getByRole('button', { name: 'Call', exact: true }).click()
  await answerExtension(page)
  await page.getByRole('alert').getByText('It is not known whether the call is made.').waitFor()
  await page.goto('/call')
  await shown(page, 'Ana')
  await page.keyboard.press('2')
  await page.getByText('The telephone system is asked for this call').waitFor()
  const saved = page.waitForRequest(
    (request) => request.method() === 'POST' && request.url().endsWith('/api/crm/calls'),
  )
  expect((await saved).postDataJSON()).not.toHaveProperty('dial_request_id')
  await finished(page)
  expect(await queue.calls()).toMatchObject([{ call_status: 'no_answer' }])
  expect(faults).toEqual([])
})
