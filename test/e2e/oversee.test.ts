import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { MAIL_START, mail, receive } from '../mails-door.ts'
import { invited, logIn, openBrowser, PASSWORD, totp } from '../people.ts'
import { contactOf, decisionOf, doubt, newPhone, post } from './doubt.ts'
import { useStage } from './stage.ts'

/* Coverage, Review and Settings, as a manager and an admin use them. */

const stage = useStage()

const SHOTS = process.env.SCREENSHOTS
const shoot = async (page: Page, name: string) => {
  if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true })
}

/** A call that went out at this hour to somebody with an opportunity, or without. */
async function callAt(started_at: string, hasOpportunity: boolean) {
  const contact = await contactOf(stage.service, 'María Fernández López')
  if (hasOpportunity) await post(stage.service, '/api/crm/opportunities', { contact_id: contact.id })
  const linked = { entity_type: 'contacts', entity_id: contact.id, phone_number: contact.phones[0] }
  return post(stage.service, '/api/crm/calls', {
    direction: 'outbound',
    call_status: 'completed',
    started_at,
    ...linked,
  })
}

describe('coverage', () => {
  it('shows the share of a period, and each figure leads to its calls', async () => {
    const at = '2026-03-02T11:00:00Z'
    for (let count = 0; count < 3; count++) await callAt(at, true)
    await callAt(at, false)
    const { page, faults } = await stage.open('viewer')
    await page.goto('/coverage?first=2026-03-02&last=2026-03-02')
    await page.getByText('Every call that counts has its attempt.').waitFor()
    expect(await page.getByRole('img', { name: /have their attempt: 100 %/ }).count()).toBe(1)
    await page.getByText('The PBX has told of no call lately.').waitFor()
    await shoot(page, 'coverage')
    const link = page.getByRole('link', { name: /^3 ?have their attempt/ })
    const href = new URL((await link.getAttribute('href')) ?? '', stage.address)
    const [from = '', to = ''] = ['started_from', 'started_to'].map((name) => href.searchParams.get(name) ?? '')
    expect(href.pathname + href.searchParams.get('outcome')).toBe('/callsregistered')
    expect(Date.parse(to) - Date.parse(from)).toBe(86_400_000)
    const { body } = await stage.service.request('GET', `/api/crm${href.pathname}${href.search}`)
    expect(body.data.length).toBe(3)
    await page.getByRole('link', { name: /^1 ?no open opportunity|^1 ?unknown contact/ }).click()
    await page.waitForURL(/\/calls\?outcome=(no_open_opportunity|unknown_contact)&/)
    await page.goBack()
    await page.getByRole('button', { name: 'Yesterday' }).click()
    await page.waitForURL('**/coverage?period=yesterday')
    await page.getByText('No call that counts took place in this period.').waitFor()
    expect(faults).toEqual([])
  })

  it('lists what waits and what contradicts, and says it in Spanish on a telephone', async () => {
    const waiting = await callAt('2026-04-02T11:00:00Z', true)
    await callAt('2026-04-02T12:00:00Z', true)
    await stage.service.sql(
      `update calls set outcome = 'pending', opportunity_id = null, pending_since = now() - interval '3 hours',
       due_at = now() + interval '1 hour' where id = $1`,
      [waiting.id],
    )
    const { page, faults } = await stage.open('admin', { language: 'es', width: 390, height: 844 })
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.goto('/coverage?first=2026-04-02&last=2026-04-02')
    await page.getByText('2 de 3 aún no tienen el suyo.').waitFor()
    await page.getByText('hace 3 horas', { exact: false }).first().waitFor()
    await page.getByRole('link', { name: 'La oportunidad' }).first().waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    await shoot(page, 'coverage-es-dark')
    await stage.service.sql('delete from calls where id = $1', [waiting.id])
    expect(faults).toEqual([])
  })
})

describe('review', () => {
  it('is done by keys, one item after the other; what somebody else has decided is passed over', async () => {
    const items = [
      await doubt(stage.service),
      await doubt(stage.service, 'contradiction'),
      await doubt(stage.service),
      await doubt(stage.service),
      await doubt(stage.service),
    ]
    const [first, second, third, fourth, fifth] = items
    const { page, faults } = await stage.open('manager')
    await page.goto('/review')
    await page.getByRole('article').getByText('Ana Torres').waitFor()
    await page.getByLabel('5 to decide').first().waitFor()
    await shoot(page, 'review')
    await page.keyboard.press('1')
    await page.getByText('The call is now that of the contact you chose.').waitFor()
    expect(await decisionOf(stage.service, first?.id ?? '')).toMatchObject({
      action: 'link',
      contact_id: first?.contacts[0].id,
    })

    await page.getByRole('article').getByText('Which is right?').waitFor()
    await page.getByRole('article').getByText('101', { exact: true }).waitFor()
    await page.keyboard.press('2')
    await page.getByText('The call has the other value now.').waitFor()
    const { body } = await stage.service.request('GET', `/api/crm/calls/${second?.call.id}`)
    expect(body.call_status).toBe('busy')
    expect(await decisionOf(stage.service, second?.id ?? '')).toMatchObject({ action: 'dismiss' })

    await page.getByRole('article').getByText('Ana Torres').waitFor()
    expect(new URL(page.url()).searchParams.get('item')).toBe(third?.id)
    await page.keyboard.press('j')
    await page.waitForURL(`**/review?item=${fourth?.id}`)
    await page.keyboard.press('k')
    await page.waitForURL(`**/review?item=${third?.id}`)
    // The list does not tell of it: it is as if both had pressed at once.
    let letGo = () => {}
    const isHeld = new Promise<void>((resolve) => {
      letGo = resolve
    })
    await page.route(/\/api\/crm\/review(\?|$)/, async (route) => {
      await isHeld
      await route.continue()
    })
    await stage.service.sql(
      `update review_items set decided_at = now(),
       decision = '{"action":"dismiss","call_id":null,"contact_id":null,"reason":null,"by":"x","at":"2026-03-02T10:00:00Z"}'
       where id = $1`,
      [third?.id],
    )
    const refused = page.waitForResponse((response) => response.status() === 409)
    await page.keyboard.press('1')
    await refused
    letGo()
    await page.getByText('Somebody else has decided this meanwhile.', { exact: false }).waitFor()
    await page.waitForURL(`**/review?item=${fourth?.id}`)

    // What is read stays where it is: a key that comes a moment too late decides nothing else.
    await stage.service.request('POST', `/api/crm/review/${fourth?.id}`, { action: 'dismiss' })
    await page.getByText('Somebody else has decided this just now.').waitFor()
    await page.keyboard.press('1')
    await page.keyboard.press('j')
    await page.waitForURL(`**/review?item=${fifth?.id}`)
    expect(await decisionOf(stage.service, fifth?.id ?? '')).toBeNull()

    await page.keyboard.press('d')
    await page.getByLabel('Why (if you like)').fill('none of ours')
    await page.keyboard.press('Enter')
    await page.getByText('Nothing to decide.').waitFor()
    expect(await decisionOf(stage.service, fifth?.id ?? '')).toMatchObject({
      action: 'dismiss',
      reason: 'none of ours',
    })
    expect(faults).toEqual([])
  })

  it('an e-mail without its call is linked to one, or makes one', async () => {
    const number = newPhone()
    const contact = await contactOf(stage.service, 'José Luis Rodríguez Zapatería de la Vega', number)
    const call = (seconds: number) =>
      post(stage.service, '/api/crm/calls', {
        direction: 'outbound',
        phone_number: number,
        extension: '102',
        entity_type: 'contacts',
        entity_id: contact.id,
        started_at: new Date(MAIL_START + seconds * 1_000).toISOString(),
      })
    await call(-120)
    await call(120)
    const doubts = ['Two dates were found.']
    const linked = mail(number, { direction: null, doubts })
    await receive(stage.service, linked)
    const lonely = newPhone()
    const made = mail(lonely, { direction: null })
    await receive(stage.service, made)
    const { page, faults } = await stage.open('manager')
    await page.goto('/review')
    await page.getByRole('article').getByText('Two dates were found.').waitFor()
    await page.getByRole('button', { name: contact.name }).first().waitFor()
    expect(await page.getByLabel('Recording').count()).toBe(1)
    await shoot(page, 'review-mail')
    await page.getByRole('button', { name: contact.name }).first().click()
    await page.getByText('The e-mail belongs to the call you chose now.').waitFor()
    expect(await decisionOf(stage.service, linked.messageId)).toMatchObject({ action: 'link' })
    await page.getByRole('article').getByText(lonely).first().waitFor()
    await page.keyboard.press('n')
    await page.getByText('A new call was made of the e-mail.').waitFor()
    expect(await decisionOf(stage.service, made.messageId)).toMatchObject({ action: 'create' })
    const { body } = await stage.service.request('GET', `/api/crm/calls?phone_number=${encodeURIComponent(lonely)}`)
    expect(body.data.length).toBe(1)
    expect(faults).toEqual([])
  })

  it('on a telephone is a list, then the item; a viewer has nothing to press', async () => {
    const { id } = await doubt(stage.service)
    const { page, faults } = await stage.open('agent', { language: 'es', width: 390, height: 844 })
    await page.goto('/review')
    await page.getByRole('link', { name: /¿De quién es la llamada\?/ }).click()
    await page.waitForURL(`**/review?item=${id}`)
    await page.getByRole('button', { name: /Ana Torres/ }).waitFor()
    await shoot(page, 'review-es')
    await page.getByRole('link', { name: /Todos/ }).click()
    await page.waitForURL('**/review')
    expect(faults).toEqual([])
    const viewer = await stage.open('viewer')
    await viewer.page.goto(`/review?item=${id}`)
    await viewer.page.getByText('Your role may look, but not decide.').waitFor()
    expect(await viewer.page.getByRole('button', { name: /Ana Torres/ }).isDisabled()).toBe(true)
    expect(await viewer.page.getByRole('button', { name: 'Dismiss' }).count()).toBe(0)
    await stage.service.request('POST', `/api/crm/review/${id}`, { action: 'dismiss' })
  })
})

describe('pressed twice, or by mistake', () => {
  it('a second press decides nothing of the next item; what was linked can be taken back', async () => {
    const items = [await doubt(stage.service), await doubt(stage.service)]
    const { page, faults } = await stage.open('manager')
    await page.goto(`/review?item=${items[0]?.id}`)
    await page.getByRole('article').getByText('Ana Torres').waitFor()
    await page.getByRole('article').getByText('101', { exact: true }).waitFor()
    await page.keyboard.down('1')
    await page.keyboard.down('1')
    await page.keyboard.up('1')
    await page.waitForURL(`**/review?item=${items[1]?.id}`)
    await page.keyboard.press('1')
    await page.keyboard.press('1')
    await page.getByText('The call is now that of the contact you chose.').waitFor()
    const linkedTo = async () =>
      (await stage.service.request('GET', `/api/crm/calls/${items[0]?.call.id}`)).body.entity_id
    expect(await linkedTo()).toBe(items[0]?.contacts[0].id)
    const changes: string[] = []
    page.on('request', (request) => request.method() === 'PATCH' && changes.push(request.url()))
    await page.getByRole('button', { name: 'Undo' }).dblclick()
    await page.getByText('Taken back:', { exact: false }).waitFor()
    expect(await linkedTo()).toBe(items[0]?.contacts[1].id)
    expect(changes).toHaveLength(1)
    await page.getByRole('alert').getByRole('button', { name: 'Close' }).click()
    expect(await decisionOf(stage.service, items[1]?.id ?? '')).toBeNull()
    await stage.service.request('POST', `/api/crm/review/${items[1]?.id}`, { action: 'dismiss' })
    expect(faults).toEqual([])
  })

  it('on a telephone the list comes first', async () => {
    const item = await doubt(stage.service)
    const { page, faults } = await stage.open('manager', { width: 390, height: 844 })
    await page.goto('/review')
    await page.getByRole('main').getByRole('link').first().waitFor()
    expect(new URL(page.url()).search).toBe('')
    await stage.service.request('POST', `/api/crm/review/${item.id}`, { action: 'dismiss' })
    expect(faults).toEqual([])
  })

  it('two calls are made one only after it was asked', async () => {
    const item = await doubt(stage.service)
    const other = await doubt(stage.service)
    await stage.service.request('POST', `/api/crm/review/${other.id}`, { action: 'dismiss' })
    await stage.service.sql(`update review_items set kind = 'same_call', candidates = $2 where id = $1`, [
      item.id,
      JSON.stringify([{ call_id: item.call.id }, { call_id: other.call.id }]),
    ])
    const { page, faults } = await stage.open('manager')
    await page.goto(`/review?item=${item.id}`)
    await page.getByRole('article').getByText('this one stays').first().waitFor()
    await page.keyboard.press('2')
    await page.getByRole('dialog', { name: 'Make one call of the two?' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    expect(await decisionOf(stage.service, item.id)).toBeNull()
    await stage.service.request('POST', `/api/crm/review/${item.id}`, { action: 'dismiss' })
    expect(faults).toEqual([])
  })

  it('days of the coverage are typed digit by digit', async () => {
    const { page, faults } = await stage.open('viewer')
    await page.goto('/coverage?first=2026-03-02&last=2026-03-05')
    await page.getByRole('heading', { name: 'Coverage' }).waitFor()
    await page.getByLabel('From').focus()
    await page.keyboard.type('01152025')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/coverage?first=2025-01-15&last=2026-03-05')
    expect(faults).toEqual([])
  })
})

describe('settings', () => {
  it('whoever cannot be enabled again is told of, with why', async () => {
    const { id } = await invited(stage.service, { role: 'agent' })
    await stage.service.request('PATCH', `/api/admin/users/${id}`, { disabled: true })
    const { page, faults } = await stage.open('admin')
    await page.goto('/settings/people')
    const row = page.getByRole('listitem').filter({ hasText: 'disabled' }).first()
    await row.waitFor()
    await page.route('**/api/admin/users/*', (route) => route.abort())
    await row.getByRole('button', { name: /^What to do with/ }).click()
    await page.getByRole('menuitem', { name: 'Enable' }).click()
    await page.getByRole('alert').getByText('There is no answer.', { exact: false }).waitFor()
    expect(faults).toEqual([])
  })

  it('an admin invites somebody, who sets a password and logs in elsewhere', async () => {
    const { page, faults } = await stage.open('admin')
    await page.goto('/settings/people')
    const email = 'nueva@example.com'
    await page.getByLabel('Name').fill('Lucía Ñandú')
    await page.getByLabel('E-mail address').fill(email)
    await page.getByRole('button', { name: 'Invite' }).click()
    const dialog = page.getByRole('dialog')
    const link = await dialog.getByRole('textbox', { name: 'Link' }).inputValue()
    expect(link).toMatch(/\/accept#token=/)
    await shoot(page, 'settings-link')
    await dialog.getByRole('button', { name: 'Close' }).last().click()
    await page.getByText(/nueva@example.com · invited/).waitFor()
    await shoot(page, 'settings-people')

    const { context, page: other, faults: otherFaults } = await stage.open('viewer')
    await context.clearCookies()
    await other.goto(link.replace(/^https?:\/\/[^/]+/, ''))
    const password = 'tres ranas azules cantan 9 veces'
    await other.getByRole('textbox', { name: 'New password' }).fill(password)
    await other.getByRole('textbox', { name: 'The same again' }).fill(password)
    await other.getByRole('button', { name: 'Set the password' }).click()
    await other.getByRole('link', { name: 'Log in' }).click()
    await other.getByLabel('E-mail address').fill(email)
    await other.getByRole('textbox', { name: 'Password' }).fill(password)
    await other.getByRole('button', { name: 'Log in' }).click()
    await other.getByRole('button', { name: 'Lucía Ñandú' }).waitFor()

    await page.getByLabel('Role: Lucía Ñandú').selectOption('manager')
    await page.getByRole('dialog').getByRole('button', { name: 'Change' }).click()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    // Every server knows within a second.
    await expect.poll(async () => (await other.request.get('/api/me')).status()).toBe(401)
    await page.getByRole('button', { name: 'What to do with Lucía Ñandú' }).click()
    await page.getByRole('menuitem', { name: 'Disable' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click()
    await page.getByText(/nueva@example.com · disabled/).waitFor()
    expect([faults, otherFaults]).toEqual([[], []])
  })

  it('the last admin is not disabled, and is told why', async () => {
    const { page, userId, faults } = await stage.open('admin')
    await stage.service.sql("update users set role = 'manager' where role = 'admin' and id <> $1", [userId])
    await page.goto('/settings/people')
    await page.getByRole('listitem').filter({ hasText: '(you)' }).getByRole('combobox').selectOption('viewer')
    await page.getByRole('dialog').getByRole('button', { name: 'Change' }).click()
    await page.getByRole('dialog').getByText('Nobody else can log in as an admin.', { exact: false }).waitFor()
    expect(faults).toEqual([])
  })

  it('a key is made, shown once, used, and revoked', async () => {
    const { page, faults } = await stage.open('admin')
    await page.goto('/settings/keys')
    await page.getByLabel('What it is for').fill('The web form')
    await page.getByLabel('Role').selectOption('viewer')
    await page.getByRole('button', { name: 'Make', exact: true }).click()
    const key = await page.getByRole('textbox', { name: 'The key' }).inputValue()
    const asked = () => stage.service.request('GET', '/api/crm/calls', undefined, { authorization: `Bearer ${key}` })
    expect((await asked()).status).toBe(200)
    await shoot(page, 'settings-keys')
    await page.getByRole('button', { name: 'Revoke: The web form' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('revoked', { exact: true }).waitFor()
    await expect.poll(async () => (await asked()).status, { timeout: 5_000 }).toBe(401)
    await page.reload()
    await page.getByText('The web form').waitFor()
    expect(await page.content()).not.toContain(key)
    expect(faults).toEqual([])
  })

  it('a second factor is switched on, and asked for at the next log-in', async () => {
    const { email } = await invited(stage.service, { role: 'agent' })
    const { context, page, faults } = await stage.open('agent')
    const enter = async () => {
      await context.clearCookies()
      await page.goto('/log-in?next=/settings/account')
      await page.getByLabel('E-mail address').fill(email)
      await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD)
      await page.getByRole('button', { name: 'Log in' }).click()
    }
    await enter()
    const section = page.getByRole('region', { name: 'Second factor' })
    await section.getByRole('textbox', { name: 'Your password' }).fill(PASSWORD)
    await section.getByRole('button', { name: 'Switch it on' }).click()
    await section.getByRole('img', { name: 'QR code for your authenticator' }).waitFor()
    await shoot(page, 'settings-two-factor')
    const secret = await section.getByRole('textbox', { name: 'Secret' }).inputValue()
    const code = (periods: number) => totp(`otpauth://totp/x?secret=${secret}`, periods)
    await section.getByRole('textbox', { name: 'First code' }).fill(code(0))
    await section.getByRole('button', { name: 'Confirm' }).click()
    await section.getByRole('list', { name: 'Backup codes' }).waitFor()
    const codes = await section.getByRole('list', { name: 'Backup codes' }).getByRole('listitem').allTextContents()
    expect(new Set(codes).size).toBe(10)
    await shoot(page, 'settings-backup-codes')
    await section.getByRole('button', { name: 'I have kept them' }).click()
    await section.getByText('It is on:', { exact: false }).waitFor()

    const { status, body } = await logIn(openBrowser(stage.service.app), email)
    expect([status, body]).toEqual([200, { two_factor_required: true }])
    await enter()
    // A code is good once: the next one is taken, which may be a little early.
    await page.getByLabel('Code of your authenticator').fill(code(1))
    await page.getByRole('button', { name: 'Confirm' }).click()
    await section.getByText('It is on:', { exact: false }).waitFor()
    expect(await page.getByRole('link', { name: 'People' }).count()).toBe(0)
    expect(faults).toEqual([])
  })

  it('PBX and mailbox are checked, and what is wrong has something to do', async () => {
    const { page, faults } = await stage.open('admin', { language: 'es', width: 390, height: 844 })
    await page.goto('/settings/system')
    await page.getByRole('button', { name: 'Comprobar ahora: Centralita (Zadarma)' }).click()
    await page.getByText('clave y secreto: no se llega a 127.0.0.1:1', { exact: false }).waitFor()
    await page.getByRole('button', { name: 'Comprobar ahora: Buzón' }).click()
    await page.getByText(/→ Si la centralita envía .*MAILBOX_URL/).waitFor()
    await shoot(page, 'settings-system-es')
    await page.getByRole('link', { name: 'Acerca de' }).click()
    await page.getByRole('button', { name: 'Licencias de lo que lo compone' }).click()
    await page.getByRole('cell', { name: 'fastify', exact: true }).waitFor()
    await shoot(page, 'settings-about-es')
    expect(faults).toEqual([])
  })
})
