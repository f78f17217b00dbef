import { expect, it } from 'vitest'
import { contactOf, newPhone, post } from './doubt.ts'
import { useStage } from './stage.ts'

/* What an admin and a manager do, in both languages, at a desk and on a telephone. */

const stage = useStage()

const LOOKS = [
  { language: 'en', width: 1280, height: 800 },
  { language: 'es', width: 1280, height: 800 },
  { language: 'en', width: 390, height: 844 },
  { language: 'es', width: 390, height: 844 },
] as const

const ADMIN = {
  en: {
    name: 'Name',
    email: 'E-mail address',
    invite: 'Invite',
    link: 'Link',
    close: 'Close',
    what: 'What to do with',
    disable: 'Disable',
    disabled: 'disabled',
    keyName: 'What it is for',
    make: 'Make',
    revoke: 'Revoke',
    revoked: 'revoked',
  },
  es: {
    name: 'Nombre',
    email: 'Correo electrónico',
    invite: 'Invitar',
    link: 'Enlace',
    close: 'Cerrar',
    what: 'Qué hacer con',
    disable: 'Desactivar',
    disabled: 'desactivada',
    keyName: 'Para qué es',
    make: 'Crear',
    revoke: 'Revocar',
    revoked: 'revocada',
  },
}

it.each(LOOKS)(
  'an admin invites somebody and takes it back, makes a key and revokes it ($language, $width)',
  async (look) => {
    const t = ADMIN[look.language]
    const { page, faults } = await stage.open('admin', look)
    const [name, email] = [`Lucía ${look.language} ${look.width}`, `lucia-${look.language}-${look.width}@example.com`]
    await page.goto('/settings/people')
    await page.getByRole('textbox', { name: t.name }).fill(name)
    await page.getByRole('textbox', { name: t.email }).fill(email)
    await page.getByRole('button', { name: t.invite }).click()
    const dialog = page.getByRole('dialog')
    expect(await dialog.getByRole('textbox', { name: t.link }).inputValue()).toMatch(/\/accept#token=/)
    await dialog.getByRole('button', { name: t.close }).last().click()
    await page.getByRole('button', { name: `${t.what} ${name}` }).click()
    await page.getByRole('menuitem', { name: t.disable }).click()
    await dialog.getByRole('button', { name: t.disable }).click()
    await page.getByText(`${email} · ${t.disabled}`).waitFor()

    await page.goto('/settings/keys')
    await page.getByRole('textbox', { name: t.keyName }).fill(name)
    await page.getByRole('button', { name: t.make, exact: true }).click()
    await page.getByRole('button', { name: `${t.revoke}: ${name}` }).click()
    await dialog.getByRole('button', { name: t.revoke }).click()
    await page.getByRole('listitem').filter({ hasText: name }).getByText(t.revoked).waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(look.width)
    expect(faults).toEqual([])
  },
)

/** A lead with so many calls that nobody took. */
async function tried(name: string, times: number): Promise<void> {
  const phone = newPhone()
  const contact = await contactOf(stage.service, name, phone)
  await post(stage.service, '/api/crm/opportunities', { contact_id: contact.id })
  for (let made = 0; made < times; made++) {
    await post(stage.service, '/api/crm/calls', {
      direction: 'outbound',
      call_status: 'no_answer',
      phone_number: phone,
      entity_type: 'contacts',
      entity_id: contact.id,
      started_at: new Date(Date.now() - (made + 1) * 60_000).toISOString(),
    })
  }
}

const MANAGER = {
  en: {
    filter: '+ filter',
    attempts: 'attempts made',
    last: 'last attempt',
    orange: 'nobody there',
    remove: 'Remove the filter last attempt: nobody there',
    chosen: '2 chosen',
    assign: 'Assign…',
    changed: '2 leads changed.',
    coverage: 'Coverage',
    whole: 'Every call that counts has its attempt.',
  },
  es: {
    filter: '+ filtro',
    attempts: 'intentos hechos',
    last: 'último intento',
    orange: 'no contestó nadie',
    remove: 'Quitar el filtro último intento: no contestó nadie',
    chosen: '2 elegidos',
    assign: 'Asignar…',
    changed: '2 contactos cambiados.',
    coverage: 'Cobertura',
    whole: 'Cada llamada que cuenta tiene su intento.',
  },
}

it.each(LOOKS)(
  'a manager finds those tried four times, reassigns them, and sees the coverage ($language, $width)',
  async (look) => {
    const t = MANAGER[look.language]
    await stage.service.sql('truncate contacts, lead_opportunities, listed_opportunities, calls cascade')
    await tried('Ana Cuatro', 4)
    await tried('Luis Cuatro', 4)
    await tried('Eva Tres', 3)
    const colleague = `Marta ${look.language} ${look.width}`
    const { id } = await post(stage.service, '/api/admin/users', {
      name: colleague,
      email: `marta-${look.language}-${look.width}@example.com`,
      role: 'agent',
    })
    const { page, faults } = await stage.open('manager', look)
    await page.goto('/leads')
    for (const [filter, value] of [
      [t.attempts, '4'],
      [t.last, t.orange],
    ] as const) {
      await page.getByRole('button', { name: t.filter }).click()
      await page.getByRole('menuitem', { name: filter }).click()
      await page.getByRole('menuitem', { name: value, exact: true }).click()
    }
    await page.waitForURL('**/leads?*attempts=4*last_status=orange*')
    await page.getByRole('button', { name: t.remove }).waitFor()
    await page.getByText('Eva Tres').waitFor({ state: 'detached' })
    for (const name of ['Ana Cuatro', 'Luis Cuatro']) {
      await page.getByRole('row').filter({ hasText: name }).getByRole('checkbox').click()
    }
    await page.getByText(t.chosen).waitFor()
    await page.getByRole('button', { name: t.assign }).click()
    await page.getByRole('menuitem', { name: colleague }).click()
    await page.getByText(t.changed).waitFor()
    const owned = 'select count(*)::int as n from lead_opportunities where assigned_to = $1'
    expect(await stage.service.sql(owned, [id])).toEqual([{ n: 2 }])
    await page.getByRole('link', { name: t.coverage }).click()
    await page.getByText(t.whole).waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(look.width)
    expect(faults).toEqual([])
  },
)
