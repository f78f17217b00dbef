import { type RefObject, useLayoutEffect, useRef } from 'react'
import type { Lead } from './lead.ts'

/** So many rows from the top of the screen are looked at. */
const LOOKED_AT = 15

/**
 * Keeps the rows that somebody reads where they are on the screen, while others come and go above them. At the top of the
 * list, what comes is shown.
 *
 * @param box what is scrolled
 * @param places at which place each lead is
 */
export function useAnchor(
  box: RefObject<HTMLElement | null>,
  places: ReadonlyMap<string, number>,
  leads: readonly Lead[],
  rowHeight: number,
): void {
  const before = useRef(leads)
  useLayoutEffect(() => {
    const [was, element] = [before.current, box.current]
    before.current = leads
    if (was === leads || element === null || element.scrollTop === 0) return
    const top = Math.floor(element.scrollTop / rowHeight)
    // One of them may itself have moved: most have not.
    const steps = was
      .slice(top, top + LOOKED_AT)
      .flatMap(({ id }, place) => (places.get(id) ?? Number.NaN) - top - place)
      .filter((step) => !Number.isNaN(step))
      .sort((a, b) => a - b)
    const step = steps[Math.floor(steps.length / 2)] ?? 0
    if (step !== 0) element.scrollTop += step * rowHeight
  }, [box, places, leads, rowHeight])
}
