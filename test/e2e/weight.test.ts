import { expect, it } from 'vitest'
import { post } from './doubt.ts'
import { useStage } from './stage.ts'

const stage = useStage()
/** Of all that is asked for until nothing more is, as it is sent; of a lead, but for what is got ready in idle time. */
const MOST_BYTES = 220_000

/** As the build names libphonenumber's. */
const RULES_OF_NUMBERS = /[/]min-/

const PAGES = [
  '/log-in',
  '/call',
  '/leads',
  '/board',
  '/leads/:id',
  '/calls',
  '/review',
  '/coverage',
  '/settings/people',
]

it.each(PAGES)('the first load of %s weighs at most 220 kB, and is named in its document', async (address) => {
  const phones = ['+34612345678']
  const [contact, waiting] = await Promise.all(
    ['Ana Torres', 'Luis Gil'].map((name) => post(stage.service, '/api/crm/contacts', { name, phones })),
  )
  const { id } = await post(stage.service, '/api/crm/opportunities', { contact_id: contact.id })
  await post(stage.service, '/api/crm/opportunities', { contact_id: waiting.id })
  const call = { direction: 'outbound', entity_type: 'contacts', entity_id: contact.id, phone_number: phones[0] }
  await post(stage.service, '/api/crm/calls', { ...call, call_status: 'no_answer' })
  const { page, context } = await stage.open('admin')
  const weights: Promise<number>[] = []
  const parts = new Set<string>()
  page.on('requestfinished', (request) => {
    weights.push(request.sizes().then((sizes) => sizes.responseBodySize))
    const { pathname } = new URL(request.url())
    if (pathname.startsWith('/assets/')) parts.add(pathname)
  })
  if (address === '/leads/:id') await page.addInitScript('window.requestIdleCallback = () => 0')
  // The stream of events never ends.
  await page.route('**/api/events*', (route) => route.abort())
  const document = await page.goto(address.replace(':id', id), { waitUntil: 'networkidle' })
  await page.getByRole('heading').first().waitFor()
  const bytes = (await Promise.all(weights)).reduce((sum, one) => sum + one, 0)
  if (process.env.WEIGHTS !== undefined) console.log(address, bytes)
  expect(bytes).toBeLessThanOrEqual(MOST_BYTES)
  // The document names what the page loads, and nothing else; the rules of numbers come in idle time.
  const html = (await document?.text()) ?? ''
  const named = [...html.matchAll(/(?:src|href)="([/]assets[/][^"]+)"/g)].map(([, part]) => part)
  expect([...parts].filter((part) => !RULES_OF_NUMBERS.test(part)).toSorted()).toEqual(named.toSorted())
  await context.close()
})
