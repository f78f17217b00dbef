import type { Page } from 'playwright-core'
import { beforeEach, expect, it } from 'vitest'
import { heldBack, queueOf, shown, withoutTelephone } from './call-now-queue.ts'
import { useStage } from './stage.ts'
import { useVisits } from './visits.ts'

/* One press is one outcome, of the lead that was on the screen when it was pressed. */

const stage = useStage(async () => ({ zadarma: { key: null } }))
const open = useVisits(stage)
const queue = queueOf(stage)
beforeEach(() => queue.empty())

const outcomes = async () => (await queue.calls()).map(({ name, call_status }) => [name, call_status])

/** Presses a key in the page itself, so long after the last one that was pressed. */
const pressedAgain = (page: Page, key: string, more: { repeat?: boolean; after?: number }) =>
  page.evaluate(`{
    const event = new KeyboardEvent('keydown', { key: '${key}', repeat: ${more.repeat === true}, bubbles: true })
    if (${more.after !== undefined}) Object.defineProperty(event, 'timeStamp', { value: window.pressedAt + ${more.after} })
    document.body.dispatchEvent(event)
  }`)
const watched = (page: Page) =>
  page.addInitScript(
    `addEventListener('keydown', ({ timeStamp, isTrusted }) => isTrusted && (window.pressedAt = timeStamp), true)`,
  )

it('what is pressed while the next lead is loading is said of none', async () => {
  for (const name of ['Third', 'Second', 'First']) await queue.lead(name)
  const { page, faults } = await open('agent')
  await page.goto('/call')
  await shown(page, 'First')
  const claim = await heldBack(page, '**/api/crm/queue/claim', 'POST')
  await page.keyboard.press('2')
  await claim.asked
  for (const key of ['1', '3', '2', 'n']) await page.keyboard.press(key)
  claim.letThrough()
  await shown(page, 'Second')
  await page.keyboard.press('n')
  await shown(page, 'Third')
  expect(await outcomes()).toEqual([['First', 'no_answer']])
  expect(faults).toEqual([])
})

it('a key is heard as soon as it is shown, however much the browser has to do', async () => {
  await queue.lead('First')
  const { page, faults } = await open('agent')
  // Before anything that was put off until after the words are on the screen.
  await page.addInitScript(`{
    const pressOnce = (key, isShown) =>
      new MutationObserver((_, observer) => {
        if (!isShown(document.body?.textContent ?? '')) return
        observer.disconnect()
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))
      }).observe(document, { subtree: true, childList: true, characterData: true })
    pressOnce('2', (text) => text.includes('First') && text.includes('No answer'))
    pressOnce('u', (text) => text.includes('First: No answer. Attempt 1.'))
  }`)
  await page.goto('/call')
  await page.getByText('First: taken back, and here again.').waitFor()
  expect(await outcomes()).toEqual([])
  expect(faults).toEqual([])
})

it('a key that is pressed twice, or held down, and a double click say it once', async () => {
  for (const name of ['Fourth', 'Third', 'Second', 'First']) await queue.lead(name)
  const { page, faults } = await open('agent')
  await watched(page)
  await page.goto('/call')
  await shown(page, 'First')
  await page.keyboard.press('2')
  await shown(page, 'Second')
  await pressedAgain(page, '2', { after: 250 })
  await pressedAgain(page, '2', { repeat: true })
  await pressedAgain(page, 'n', { repeat: true })
  await page.keyboard.press('n')
  await shown(page, 'Third')
  await page.getByRole('button', { name: 'Busy' }).dblclick()
  await shown(page, 'Fourth')
  await page.keyboard.press('n')
  await shown(page, 'Second')
  expect(await outcomes()).toEqual([
    ['First', 'no_answer'],
    ['Third', 'busy'],
  ])
  expect(faults).toEqual([])
})

it('keys are heard after a choice, a click anywhere and a switch of windows, and never while somebody types', async () => {
  for (const name of ['Third', 'Second', 'First']) await queue.lead(name)
  const { page, context, faults } = await open('agent')
  await withoutTelephone(page)
  await page.goto('/call')
  await shown(page, 'First')
  await page.getByLabel('Notes').click()
  await page.keyboard.type('12345 no')
  const other = await context.newPage()
  await other.bringToFront()
  await page.bringToFront()
  await page.keyboard.type(' 2')
  expect(await page.getByLabel('Notes').inputValue()).toBe('12345 no 2')
  await page.getByText('How did it go?').click()
  await page.keyboard.press('1')
  await shown(page, 'Second')
  // As Mantine's Select has it once something is chosen.
  await page.evaluate(`{
    const choice = document.createElement('input')
    choice.readOnly = true
    document.body.append(choice)
    choice.focus()
  }`)
  await page.keyboard.press('c')
  await page.keyboard.press('3')
  await shown(page, 'Third')
  expect(await outcomes()).toEqual([
    ['First', 'answered'],
    ['Second', 'busy'],
  ])
  expect(faults).toEqual([])
})

it('who is skipped comes after everybody else, and who is new comes at once', async () => {
  for (const name of ['Third', 'Second', 'First']) await queue.lead(name)
  const { page, faults } = await open('agent')
  await page.goto('/call')
  await shown(page, 'First')
  await page.keyboard.press('n')
  await shown(page, 'Second')
  await queue.lead('Newest')
  for (const name of ['Newest', 'Third', 'Newest', 'First']) {
    await page.keyboard.press('n')
    await shown(page, name)
  }
  expect(faults).toEqual([])
})
