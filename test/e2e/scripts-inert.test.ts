import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { PAYLOADS } from '../script-payloads.ts'
import { post } from './doubt.ts'
import { useStage } from './stage.ts'

/* S9: whatever stands in a field is shown as what it is; nothing of it runs, is fetched, or is refused by the policy. */

const stage = useStage()
/** All rows and cards are there at once. */
const TALL = { width: 1280, height: 6_000 }

it('scripts in every field are shown as texts, on every page', async () => {
  const { page, faults } = await stage.open('admin', TALL)
  const leads = new Map<string, string>()
  for (const [place, text] of PAYLOADS.entries()) {
    const phones = [`+346${String(20_000_000 + place)}`]
    const contact = await post(stage.service, '/api/crm/contacts', { name: text, phones })
    const { id } = await post(stage.service, '/api/crm/opportunities', {
      id: randomUUID(),
      ...{ contact_id: contact.id, title: text, source: text, assigned_to: text },
    })
    const call = { direction: 'outbound', entity_type: 'contacts', entity_id: contact.id }
    const said = { call_status: 'busy', call_result: text, resumen_llamada: text, extension: text.slice(0, 20) }
    await post(stage.service, '/api/crm/calls', { ...call, ...said })
    leads.set(id, text)
  }
  const ran: string[] = []
  page.on('dialog', (dialog) => {
    ran.push(`${page.url()}: ${dialog.message()}`)
    void dialog.dismiss()
  })
  for (const address of ['/leads', '/board', '/calls', '/call', '/coverage', '/settings/people']) {
    await page.goto(address)
    await page.getByRole('heading').first().waitFor()
    if (address === '/leads') await expect.poll(() => page.locator('[id^="lead-"]').count()).toBe(PAYLOADS.length)
  }
  for (const [id, text] of leads) {
    await page.goto(`/leads/${id}`)
    await expect
      .poll(() => page.getByRole('heading', { level: 1 }).textContent())
      .toContain(text.trim().slice(0, 10).trim())
    await page.getByText('Everything about it').click()
  }
  expect(ran).toEqual([])
  expect(faults).toEqual([])
  // Control: what runs is noticed.
  await page.evaluate('alert("control")')
  expect(ran).toEqual([expect.stringContaining('control')])
}, 240_000)
