import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { fillForTour, goThere, insideOf, OUTSIDE, type Stop, useTourStage } from './tour.ts'

/* Each page, dialog and menu, as axe-core reads it: nothing serious is wrong for those who see little or use no mouse. */

const stage = useTourStage()

interface Look {
  language: string
  colorScheme: 'light' | 'dark'
  width: number
  height: number
}

const LOOKS: readonly Look[] = [
  { language: 'en', colorScheme: 'light', width: 1280, height: 800 },
  { language: 'es', colorScheme: 'dark', width: 1280, height: 800 },
  { language: 'es', colorScheme: 'light', width: 390, height: 844 },
  { language: 'en', colorScheme: 'dark', width: 390, height: 844 },
]

/*
 * A card of the board is called like its lead: the rest of what it shows is not its name, and who says the name to the
 * computer gets it.
 */
const CHECK = `${axe.source}; (async () => {
  const { violations } = await axe.run(document, { resultTypes: ['violations'] })
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes
      .filter(({ target }) => id !== 'label-content-name-mismatch' || !document.querySelector(target[0])?.matches('[data-card]'))
      .map(({ target, failureSummary }) => [id, target.join(' '), failureSummary].join(' | ')))
})()`

async function checked(page: Page, stop: Stop): Promise<string[]> {
  try {
    await goThere(page, stop)
  } catch (error) {
    return [`${stop.name}: ${String(error)}`]
  }
  const faults = (await page.evaluate(CHECK)) as string[]
  if ((await page.title()).length === 0) faults.push('the document has no title')
  return faults.map((fault) => `${stop.name}: ${fault}`)
}

it('nothing serious is wrong with any page, light and dark, wide and narrow, in either language', async () => {
  const ids = await fillForTour(stage)
  const found: string[] = []
  for (const { colorScheme, ...look } of LOOKS) {
    const { context, page, faults } = await stage.open('admin', look)
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const titles = new Map<string, string>()
    for (const stop of insideOf(ids)) {
      found.push(...(await checked(page, stop)))
      if (stop.open === undefined) titles.set(new URL(page.url()).pathname, await page.title())
    }
    await context.clearCookies()
    for (const stop of OUTSIDE) {
      found.push(...(await checked(page, stop)))
      titles.set(new URL(page.url()).pathname, await page.title())
    }
    expect(faults).toEqual([])
    const names = [...titles.values()]
    found.push(
      ...names.filter((name, place) => names.indexOf(name) !== place).map((name) => `two are called “${name}”`),
    )
  }
  expect(found.join('\n')).toBe('')
}, 600_000)
