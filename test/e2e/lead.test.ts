import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { useStage, type Visitor } from './stage.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'lead-'))
afterAll(() => rmSync(folder, { recursive: true }))
const stage = useStage(async () => ({ recordingsDir: folder }))
const SHOTS = process.env.SCREENSHOTS

/** A lead with calls of all kinds. */
async function lead(given: { name?: string; title?: string } = {}) {
  const { service } = stage
  const { body: contact } = await service.request('POST', '/api/crm/contacts', {
    name: given.name ?? 'María Fernández López',
    phones: ['+34600123456', '+34911222333'],
    email: 'maria@example.com',
    timezone: 'America/Bogota',
  })
  const { body: opportunity } = await service.request('POST', '/api/crm/opportunities', {
    contact_id: contact.id,
    title: given.title ?? 'Reforma de cocina',
    source: 'web',
  })
  return { contact, opportunity }
}

async function call(contactId: string, given: Record<string, unknown> = {}) {
  const { status, body } = await stage.service.request('POST', '/api/crm/calls', {
    direction: 'outbound',
    entity_type: 'contacts',
    entity_id: contactId,
    phone_number: '+34600123456',
    call_status: 'no_answer',
    ...given,
  })
  if (status !== 201) throw new Error(JSON.stringify(body))
  return body
}

/** So many seconds of a low hum. */
function hum(seconds: number): Buffer {
  const samples = Buffer.from(
    Array.from({ length: seconds * 8_000 }, (_, at) => 128 + Math.round(20 * Math.sin(at / 10))),
  )
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + samples.length, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(8_000, 24)
  head.writeUInt32LE(8_000, 28)
  head.writeUInt16LE(1, 32)
  head.writeUInt16LE(8, 34)
  head.write('data', 36)
  head.writeUInt32LE(samples.length, 40)
  return Buffer.concat([head, samples])
}

/** A recording of a call: audio that is there, or what became of it. */
async function record(callId: string, audio: Buffer | null, status = 'available'): Promise<void> {
  const id = randomUUID()
  if (audio !== null) writeFileSync(path.join(folder, `${id}.wav`), audio)
  await stage.service.sql(
    `insert into recordings (id, call_id, provider, status, file_name, content_type, size_bytes, sha256, due_at)
     values ($1, $2, 'zadarma', $3, $4, $5, $6, $7, case when $3 = 'expected' then now() end)`,
    audio === null
      ? [id, callId, status, null, null, null, null]
      : [id, callId, status, `${id}.wav`, 'audio/wav', audio.length, createHash('sha256').update(audio).digest()],
  )
}

const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString()

async function shot({ page }: Visitor, name: string): Promise<void> {
  if (SHOTS !== undefined) await page.screenshot({ path: path.join(SHOTS, `${name}.png`), animations: 'disabled' })
}

it('each call says why it counted or did not, and a pill opens its call', async () => {
  const { contact, opportunity } = await lead()
  await call(contact.id, { started_at: minutesAgo(3_000), call_status: 'busy' })
  await call(contact.id, { started_at: minutesAgo(200), resumen_llamada: 'llamar después de las diez' })
  await call(contact.id, {
    started_at: minutesAgo(90),
    direction: 'inbound',
    call_status: 'answered',
    duration_seconds: 65,
  })
  await call(contact.id, { started_at: minutesAgo(5), call_status: 'completed', duration_seconds: 245 })
  await call(contact.id, { started_at: minutesAgo(2), call_status: 'no_answer' })
  const visitor = await stage.open('manager')
  const { page, faults } = visitor
  await page.goto(`/leads/${opportunity.id}`)
  await page.getByRole('heading', { name: 'María Fernández López' }).waitFor()
  await page.getByText('Why it did not count: somebody had spoken with them already').waitFor()
  await page.getByText('Why it did not count: it came in.').waitFor()
  await page.getByText('it is attempt 3 of it').waitFor()
  await page.getByRole('button', { name: /Attempt 2: nobody there/ }).click()
  await page.waitForURL(/\?call=/)
  await page.locator('article[data-chosen]').getByText('llamar después de las diez').waitFor()
  await page.keyboard.press('3')
  await page.locator('article[data-chosen]').getByText('4 min 5 s').waitFor()
  await shot(visitor, 'lead')
  await page.keyboard.press('h')
  await page.getByText('With that the first call was completed.').waitFor()
  await page.getByRole('heading', { name: 'Who changed what' }).scrollIntoViewIfNeeded()
  await shot(visitor, 'lead-history')
  expect(faults).toEqual([])
})

it('a field is changed where it stands, and the change is undone by a key', async () => {
  const { opportunity } = await lead()
  const { page, faults } = await stage.open('manager')
  await page.goto(`/leads/${opportunity.id}`)
  await page.getByRole('button', { name: /^Title/ }).waitFor()
  await page.keyboard.press('e')
  await page.getByRole('textbox', { name: 'Title' }).fill('not this')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Title: Reforma de cocina. Change' }).waitFor()
  await page.keyboard.press('e')
  await page.getByRole('textbox', { name: 'Title' }).fill('Reforma de baño')
  await page.keyboard.press('Enter')
  await page.getByText('Saved: Title.').waitFor()
  const read = async () => (await stage.service.request('GET', `/api/crm/opportunities/${opportunity.id}`)).body
  expect((await read()).title).toBe('Reforma de baño')
  await page.keyboard.press('u')
  await page.getByText('Taken back: Title.').waitFor()
  expect((await read()).title).toBe('Reforma de cocina')
  await page.getByRole('combobox', { name: 'Status' }).click()
  await page.getByRole('option', { name: 'qualified' }).click()
  await page.getByText('Saved: Status.').waitFor()
  expect((await read()).status).toBe('qualified')
  expect(faults).toEqual([])
})

it('two at different browsers change the same field: both values are shown, and one chooses', async () => {
  const { opportunity } = await lead()
  const [one, other] = [await stage.open('manager'), await stage.open('manager')]
  for (const { page } of [one, other]) {
    await page.goto(`/leads/${opportunity.id}`)
    await page.getByRole('button', { name: /^Title/ }).click()
  }
  await one.page.getByRole('textbox', { name: 'Title' }).fill('Cocina y baño')
  await other.page.getByRole('textbox', { name: 'Title' }).fill('Solo la cocina')
  await one.page.keyboard.press('Enter')
  await one.page.getByText('Saved: Title.').waitFor()
  await other.page.keyboard.press('Enter')
  const both = other.page.getByRole('alert')
  await both.getByRole('region', { name: 'Yours' }).getByText('Solo la cocina').waitFor()
  await both.getByRole('region', { name: 'Now there' }).getByText('Cocina y baño').waitFor()
  const read = async () => (await stage.service.request('GET', `/api/crm/opportunities/${opportunity.id}`)).body
  expect((await read()).title).toBe('Cocina y baño')
  await both.getByText(/Now there \(.+, /).waitFor()
  await shot(other, 'lead-side-by-side')
  await both.getByRole('button', { name: 'Keep mine' }).click()
  await other.page.getByText('Saved: Title.').waitFor()
  expect((await read()).title).toBe('Solo la cocina')
  // The control: whoever does not say what was shown overwrites it without a word.
  const blind = await stage.service.request('PATCH', `/api/crm/opportunities/${opportunity.id}`, { title: 'Otra cosa' })
  expect([blind.status, blind.body.title]).toEqual([200, 'Otra cosa'])
  expect([...one.faults, ...other.faults]).toEqual([])
})

it('what another field has become meanwhile is in nobody’s way', async () => {
  const { opportunity } = await lead()
  const { page, faults } = await stage.open('manager')
  await page.goto(`/leads/${opportunity.id}`)
  await page.getByRole('button', { name: /^Title/ }).click()
  await page.getByRole('textbox', { name: 'Title' }).fill('Cocina')
  await stage.service.request('PATCH', `/api/crm/opportunities/${opportunity.id}`, { source: 'feria' })
  // What is saved beside it fetches all anew, and what is typed stays.
  await page.getByRole('switch', { name: 'Wants no calls' }).click({ force: true })
  await page.getByText('Saved: Wants no calls.').waitFor()
  await page.getByRole('button', { name: 'Source: feria. Change' }).waitFor()
  expect(await page.getByRole('textbox', { name: 'Title' }).inputValue()).toBe('Cocina')
  await page.getByRole('textbox', { name: 'Title' }).press('Enter')
  await page.getByText('Saved: Title.').waitFor()
  const { body } = await stage.service.request('GET', `/api/crm/opportunities/${opportunity.id}`)
  expect({ title: body.title, source: body.source }).toEqual({ title: 'Cocina', source: 'feria' })
  expect(faults).toEqual([])
})

it('a call is noted down by hand, changed, and deleted again', async () => {
  const { contact, opportunity } = await lead()
  await call(contact.id, { started_at: minutesAgo(60) })
  const visitor = await stage.open('agent')
  const { page, faults } = visitor
  await page.goto(`/leads/${opportunity.id}`)
  await page.getByText('it is attempt 1 of it').waitFor()
  await page.keyboard.press('n')
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Declined').click()
  await dialog.getByLabel('Notes').fill('no le interesa')
  await shot(visitor, 'lead-new-call')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('it is attempt 2 of it').waitFor()
  await page.getByText('Saved: the call.').waitFor()
  const attempts = async () =>
    (await stage.service.request('GET', `/api/crm/opportunities/${opportunity.id}`)).body.first_call_attempts
  expect(Object.values(await attempts()).map((one) => (one as { status: string }).status)).toEqual(['orange', 'red'])
  await page.getByRole('button', { name: /^Notes: no le interesa/ }).click()
  await page.getByRole('textbox', { name: 'Notes' }).fill('que llamemos en mayo')
  await page.keyboard.press('Control+Enter')
  await page.getByRole('button', { name: /^Notes: que llamemos en mayo/ }).waitFor()
  await page.getByRole('button', { name: 'More about this call' }).last().click()
  await page.getByRole('menuitem', { name: 'Delete…' }).click()
  await page.getByRole('dialog').getByText('Attempt 1 is given back.').waitFor()
  await page.getByRole('dialog').getByText('Attempt 2 becomes 1.').waitFor()
  await shot(visitor, 'lead-delete')
  await page.getByRole('button', { name: 'Delete the call' }).click()
  await page.getByText('it is attempt 2 of it').waitFor({ state: 'hidden' })
  await page.getByText('it is attempt 1 of it').waitFor()
  expect(Object.values(await attempts()).map((one) => (one as { status: string }).status)).toEqual(['red'])
  expect(faults).toEqual([])
})

it('a call that is somebody else’s goes to them', async () => {
  const { contact, opportunity } = await lead()
  const { contact: other, opportunity: theirs } = await lead({ name: 'Zacarías Otero', title: 'Baño' })
  const moved = await call(contact.id, { started_at: minutesAgo(60) })
  const visitor = await stage.open('manager')
  const { page, faults } = visitor
  await page.goto(`/leads/${opportunity.id}`)
  await page.getByRole('button', { name: 'More about this call' }).click()
  await page.getByRole('menuitem', { name: 'It is not this contact’s…' }).click()
  await page.getByLabel('Name, number or e-mail').fill('zacar')
  await page.getByRole('button', { name: /Zacarías Otero/ }).waitFor()
  await shot(visitor, 'lead-move')
  await page.getByRole('button', { name: /Zacarías Otero/ }).click()
  await page.getByText('No call yet.').waitFor()
  const { body } = await stage.service.request('GET', `/api/crm/calls/${moved.id}`)
  expect([body.entity_id, body.attempt.opportunity_id]).toEqual([other.id, theirs.id])
  expect(faults).toEqual([])
})

it('a lead whose contact another system keeps is shown; one that is not there says so', async () => {
  const contactId = randomUUID()
  const { body } = await stage.service.request('POST', '/api/crm/opportunities', {
    contact_id: contactId,
    title: 'Ático',
  })
  await call(contactId, { started_at: minutesAgo(10) })
  const { page, faults } = await stage.open('viewer')
  await page.goto(`/leads/${body.id}`)
  await page.getByText('This contact is not known here.').waitFor()
  await page.getByText('it is attempt 1 of it').waitFor()
  expect(await page.getByRole('button', { name: /Change$|call by hand|More about/ }).count()).toBe(0)
  await page.goto(`/leads/${randomUUID()}`)
  await page.getByText('There is no lead at this address.').waitFor()
  await page.getByRole('link', { name: 'To the leads' }).click()
  await page.waitForURL('**/leads')
  expect(faults).toEqual([])
})

it('the list of calls is narrowed by its address, and leads to the lead', async () => {
  const { contact, opportunity } = await lead()
  const [first] = [await call(contact.id, { started_at: minutesAgo(60) })]
  for (let made = 1; made < 6; made++) await call(contact.id, { started_at: minutesAgo(50 - made) })
  const visitor = await stage.open('manager')
  const { page, faults } = visitor
  await page.goto(`/calls?outcome=limit_reached&entity_id=${contact.id}`)
  await page.getByText('Why it did not count: five attempts had been made already.').waitFor()
  expect(await page.getByRole('article').count()).toBe(1)
  await shot(visitor, 'calls')
  await page.getByRole('button', { name: 'Take away: what became of it: five attempts already' }).click()
  await page.getByText('is attempt 5 of').waitFor()
  expect(new URL(page.url()).search).toBe(`?entity_id=${contact.id}`)
  await page
    .getByRole('link', { name: /Open the lead of the call/ })
    .last()
    .click()
  await page.waitForURL(`**/leads/${opportunity.id}?call=${first.id}`)
  await page.locator('article[data-chosen]').getByText('it is attempt 1 of it').waitFor()
  await page.keyboard.press('Escape')
  await page.waitForURL('**/calls?entity_id=*')
  expect(faults).toEqual([])
})

it('a recording is fetched when it is played, and is gone through by keyboard', async () => {
  const { contact, opportunity } = await lead()
  const { id } = await call(contact.id, { started_at: minutesAgo(60), call_status: 'completed', duration_seconds: 30 })
  await record(id, hum(30))
  await record(id, null, 'expected')
  await record(id, null, 'missing')
  const visitor = await stage.open('agent')
  const { page, faults } = visitor
  const asked: (string | undefined)[] = []
  page.on('request', (request) => {
    if (request.url().includes('/recordings/')) asked.push(request.headers().range)
  })
  await page.goto(`/leads/${opportunity.id}`)
  const player = page.getByRole('group', { name: 'Recording' })
  await player.waitFor()
  await page.getByText('A recording is expected').waitFor()
  await page.getByText('could not be had from the PBX').waitFor()
  expect(asked).toEqual([])
  await player.getByRole('button', { name: 'Play' }).click()
  await player.getByRole('button', { name: 'Pause' }).waitFor()
  await player.getByText('/ 0:30').waitFor()
  expect(asked[0]).toMatch(/^bytes=0-/)
  await player.getByRole('button', { name: 'Speed: 1×' }).click()
  await player.getByRole('button', { name: 'Speed: 1.25×' }).click()
  const rate = () => page.locator('audio').evaluate((audio: { playbackRate?: number }) => audio.playbackRate)
  expect(await rate()).toBe(1.5)
  await player.getByRole('button', { name: 'Pause' }).click()
  await player.getByRole('button', { name: 'Play' }).waitFor()
  const place = player.getByRole('slider', { name: 'Place in the recording' })
  await place.focus()
  await page.keyboard.press('Home')
  for (let times = 0; times < 5; times++) await page.keyboard.press('ArrowRight')
  await player.getByText('0:05 / 0:30').waitFor()
  expect(await place.getAttribute('aria-valuetext')).toBe('0:05 of 0:30')
  await shot(visitor, 'lead-recording')
  expect(faults).toEqual([])
})

it('on a telephone, in Spanish, with a long name from right to left, nothing is cut off', async () => {
  const name = `عبد الرحمن ${'بن محمد '.repeat(20)}`.trim()
  const { contact, opportunity } = await lead({ name, title: 'x'.repeat(200) })
  await call(contact.id, {
    started_at: minutesAgo(300),
    resumen_llamada: 'Pide que le llamemos el jueves por la tarde.',
  })
  await call(contact.id, { started_at: minutesAgo(60), call_status: 'completed', duration_seconds: 3_725 })
  await call(contact.id, { started_at: minutesAgo(30), call_status: 'no_answer' })
  const visitor = await stage.open('agent', { language: 'es', width: 360, height: 740 })
  const { page, faults } = visitor
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.goto(`/leads/${opportunity.id}`)
  await page.getByText('Por qué no contó: ya se había hablado con la persona').waitFor()
  const width = await page.evaluate('document.documentElement.scrollWidth')
  await shot(visitor, 'lead-mobile')
  await page.getByRole('button', { name: 'Todo sobre ella' }).first().click()
  await page.getByText('informó de ella').waitFor()
  await shot(visitor, 'lead-mobile-details')
  await page.goto('/calls')
  await page.getByRole('article').first().waitFor()
  await shot(visitor, 'calls-mobile')
  expect([width, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([360, 360])
  expect(faults).toEqual([])
})

it('a great many calls are told page by page, and the one that is looked for is found among them', async () => {
  const { contact, opportunity } = await lead()
  const calls = Array.from({ length: 130 }, (_, made) => ({
    direction: made % 2 === 0 ? 'inbound' : 'outbound',
    entity_type: 'contacts',
    entity_id: contact.id,
    started_at: minutesAgo(10_000 - made * 10),
  }))
  const { body } = await stage.service.request('POST', '/api/crm/calls/batch', { calls })
  const [oldest] = body.results
  const { page, faults } = await stage.open('viewer')
  await page.goto(`/leads/${opportunity.id}`)
  await page.getByRole('article').nth(49).waitFor()
  expect(await page.getByRole('article').count()).toBe(50)
  await page.getByRole('button', { name: 'Older calls' }).click()
  await page.getByRole('article').nth(90).waitFor()
  await page.goto(`/leads/${opportunity.id}?call=${oldest.call.id}`)
  await page.locator(`article[data-chosen]#call-${oldest.call.id}`).waitFor()
  expect(await page.getByRole('article').count()).toBe(130)
  expect(faults).toEqual([])
})

it('two quick changes of the same field are made one after the other, and one is not told of one’s own', async () => {
  const { opportunity } = await lead()
  const { page, faults } = await stage.open('manager')
  await page.goto(`/leads/${opportunity.id}`)
  let letGo = (): void => undefined
  const isHeld = new Promise<void>((resolve) => {
    letGo = resolve
  })
  await page.route('**/api/crm/opportunities/*', async (route) => {
    if (route.request().method() === 'PATCH') await isHeld
    await route.continue()
  })
  const choose = async (name: string) => {
    await page.getByRole('combobox', { name: 'Status' }).click()
    await page.getByRole('option', { name }).click()
  }
  await choose('contacted')
  await choose('qualified')
  letGo()
  const read = async () => (await stage.service.request('GET', `/api/crm/opportunities/${opportunity.id}`)).body
  await expect.poll(async () => (await read()).status).toBe('qualified')
  await page.getByText('Saved: Status.').waitFor()
  expect(await page.getByRole('alert').count()).toBe(0)
  expect(faults).toEqual([])
})

it('a call that is being noted down is still there when the dialog was closed by mistake', async () => {
  const { opportunity } = await lead()
  const { page, faults } = await stage.open('manager')
  await page.goto(`/leads/${opportunity.id}`)
  await page.getByRole('heading', { name: 'Calls' }).waitFor()
  await page.keyboard.press('n')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Notes').fill('quiere una isla')
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  await page.keyboard.press('n')
  expect(await dialog.getByLabel('Notes').inputValue()).toBe('quiere una isla')
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.keyboard.press('n')
  expect(await dialog.getByLabel('Notes').inputValue()).toBe('')
  expect(faults).toEqual([])
})

it('a pill that is pressed again brings its call back into sight; beside its time stands that of the lead', async () => {
  const { contact, opportunity } = await lead()
  const first = await call(contact.id, { started_at: '2026-03-02T15:12:00Z' })
  for (let made = 0; made < 8; made++) await call(contact.id, { direction: 'inbound', started_at: minutesAgo(made) })
  const { page, faults } = await stage.open('viewer')
  await page.goto(`/leads/${opportunity.id}`)
  const pill = page.getByRole('button', { name: /^Attempt 1:/ })
  await pill.click()
  const item = page.locator(`#call-${first.id}`)
  await item.getByText('10:12 AM there').waitFor()
  await page.evaluate('window.scrollTo(0, 0)')
  await pill.click()
  await expect.poll(() => item.evaluate((one) => one === one.ownerDocument.activeElement)).toBe(true)
  expect(await page.evaluate('window.scrollY')).toBeGreaterThan(0)
  expect(faults).toEqual([])
})
