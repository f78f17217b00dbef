import { expect, it } from 'vitest'
import { post } from './doubt.ts'
import { useStage } from './stage.ts'

const stage = useStage()
/** Of all that is asked for until there is something to read, as it is sent. */
const MOST_BYTES = 220_000

it.each(['/log-in', '/call', '/leads', '/board', '/review', '/coverage', '/settings/people'])(
  'the first load of %s weighs at most 220 kB',
  async (address) => {
    const contact = await post(stage.service, '/api/crm/contacts', { name: 'Ana Torres', phones: ['+34612345678'] })
    await post(stage.service, '/api/crm/opportunities', { contact_id: contact.id })
    const { page, context } = await stage.open('admin')
    const weights: Promise<number>[] = []
    page.on('requestfinished', (request) => weights.push(request.sizes().then((sizes) => sizes.responseBodySize)))
    await page.goto(address)
    await page.getByRole('heading').first().waitFor()
    const bytes = (await Promise.all(weights)).reduce((sum, one) => sum + one, 0)
    expect(bytes).toBeLessThanOrEqual(MOST_BYTES)
    await context.close()
  },
)
