import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Stage } from './stage.ts'

const EVERYTHING = 'truncate claims, calls, foreign_attempts, dial_requests, lead_opportunities, contacts cascade'

/** Leads for the tests of Call now, and what became of them. */
export function queueOf(stage: Stage) {
  let places = 0
  return {
    empty: () => stage.service.sql(EVERYTHING),

    /** The newest is the first in the queue. */
    async lead(name: string, contact: object = {}): Promise<{ id: string; contactId: string; phones: string[] }> {
      const phones = [`+3460056${String(++places).padStart(4, '0')}`]
      const person = await stage.service.request('POST', '/api/crm/contacts', { name, phones, ...contact })
      expect(person.status).toBe(201)
      const asked = { contact_id: person.body.id, source: 'web' }
      const { body } = await stage.service.request('POST', '/api/crm/opportunities', asked)
      return { id: body.id, contactId: person.body.id, phones: person.body.phones }
    },

    /** What is known of the calls that are there, oldest first. */
    calls: () =>
      stage.service.sql(`select contacts.name, call_status, resumen_llamada as notes, phone_number
        from calls join contacts on contacts.id::text = entity_id::text
        where deleted_at is null order by calls.created_at`),

    claims: () =>
      stage.service.sql<{ name: string; owner: string }>(`select contacts.name, owner from claims
        join lead_opportunities as lead on lead.id = opportunity_id join contacts on contacts.id = contact_id
        order by contacts.name`),
  }
}

/** That a lead is shown. */
export const shown = (page: Page, name: string) => page.getByRole('heading', { name, exact: true }).waitFor()

/** The device's own way of calling is nothing that a browser without a telephone has. */
export const withoutTelephone = (page: Page) =>
  page.addInitScript(`
    window.rung = []
    document.addEventListener('click', (event) => {
      const link = event.target.closest('a[href^="tel:"]')
      if (link === null) return
      event.preventDefault()
      window.rung.push(link.getAttribute('href'))
    })`)

/** Keeps an answer to the page back until it is let through. */
export async function heldBack(page: Page, address: string, method: string) {
  let letThrough: () => void = () => undefined
  const isLetThrough = new Promise<void>((resolve) => {
    letThrough = resolve
  })
  let isAsked: () => void = () => undefined
  const asked = new Promise<void>((resolve) => {
    isAsked = resolve
  })
  await page.route(address, async (route) => {
    if (route.request().method() !== method) return route.continue()
    isAsked()
    await isLetThrough
    await route.continue()
  })
  return { asked, letThrough }
}
