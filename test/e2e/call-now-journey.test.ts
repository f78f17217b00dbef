import type { Page } from 'playwright-core'
import { beforeEach, expect, it } from 'vitest'
import { queueOf, shown, withoutTelephone } from './call-now-queue.ts'
import { useStage } from './stage.ts'
import { useVisits } from './visits.ts'

/* A morning of an agent, by keys alone: in both languages, at a desk and on a telephone. */

const stage = useStage(async () => ({ zadarma: { key: null } }))
const open = useVisits(stage)
const queue = queueOf(stage)
beforeEach(() => queue.empty())

const WORDS = {
  en: {
    waiting: '5 to call',
    nobody: 'Nobody to call now',
    due: /^The next one may be called again at \d/,
    notes: 'Notes',
  },
  es: {
    waiting: '5 por llamar',
    nobody: 'No hay a quién llamar ahora',
    due: /^Se puede volver a llamar al siguiente a las \d/,
    notes: 'Notas',
  },
} as const
const NAMES = ['Ana Fernández', 'Berta Ñíguez', 'Carla de los Ángeles', 'Dora López', 'Elena Vázquez']

async function shoot(page: Page, name: string): Promise<void> {
  if (process.env.SHOTS === undefined) return
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.screenshot({ path: `${process.env.SHOTS}/${name}-${colorScheme}.png`, fullPage: true })
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

it.each([
  ['en', 1280],
  ['en', 390],
  ['es', 1280],
  ['es', 390],
] as const)('five leads are rung by keys alone, in %s and %d pixels wide', async (language, width) => {
  const words = WORDS[language]
  for (const name of [...NAMES].reverse()) {
    const phones = name === 'Ana Fernández' ? { phones: ['+34600580001', '+34911580002'] } : {}
    const { contactId } = await queue.lead(name, { timezone: 'America/Bogota', ...phones })
    const call = { direction: 'inbound', entity_type: 'contacts', entity_id: contactId }
    await stage.service.request('POST', '/api/crm/calls', {
      ...call,
      resumen_llamada: 'Que la llamen después de las diez.',
    })
  }
  const { page, faults } = await open('agent', { language, width, height: 840 })
  await withoutTelephone(page)
  await page.goto('/call')
  await page.getByText(words.waiting).waitFor()
  for (const [place, name] of NAMES.entries()) {
    await shown(page, name)
    await page.keyboard.press('c')
    await page.keyboard.press('w')
    await page.keyboard.type(`${place + 1} de 5`)
    if (place === 0) {
      await page.getByText('Que la llamen después de las diez.').waitFor()
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
      await shoot(page, `call-${language}-${width}`)
    }
    await page.keyboard.press('Escape')
    await page.keyboard.press(String(place + 1))
    if (place === 0) {
      await shown(page, NAMES[1] ?? '')
      await shoot(page, `call-next-${language}-${width}`)
    }
  }
  await page.getByRole('heading', { name: words.nobody }).waitFor()
  await page.getByText(words.due).waitFor()
  await shoot(page, `call-nobody-${language}-${width}`)
  expect((await queue.calls()).filter(({ call_status }) => call_status !== null)).toMatchObject(
    ['answered', 'no_answer', 'busy', 'rejected', 'failed'].map((call_status, place) => ({
      name: NAMES[place],
      call_status,
      notes: expect.stringContaining(`${place + 1} de 5`),
    })),
  )
  expect(faults).toEqual([])
})

it('who only looks on is told so, and has no buttons', async () => {
  await queue.lead('Ana')
  for (const [language, words] of [
    ['en', 'Your role looks on'],
    ['es', 'Su papel es mirar'],
  ] as const) {
    const { page, faults } = await open('viewer', { language })
    await page.goto('/call')
    await page.getByText(words).waitFor()
    expect(await page.locator('#page').getByRole('button').count()).toBe(0)
    expect(await queue.claims()).toEqual([])
    expect(faults).toEqual([])
  }
})
