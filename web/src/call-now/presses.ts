import { useLayoutEffect, useRef } from 'react'

/** A key or a click. */
export type Press = Pick<Event, 'timeStamp'> & { repeat?: boolean }

/** The moment of the last press that said how a call went, whichever lead's. */
export interface LastPress {
  current: number
}

/** A second press so soon is the same one: nobody has read who is next by then. */
const ONE_PRESS_MS = 600

/**
 * Which presses are meant for what is shown: none of before it was there, none of a key that is held down, and not the
 * second of a double one, unless something was done with what is shown meanwhile.
 *
 * @param isKnown whether whoever presses has asked for just this one
 */
export function usePresses(last: LastPress, isKnown: boolean) {
  const shownAt = useRef(Number.POSITIVE_INFINITY)
  const isTouched = useRef(isKnown)
  useLayoutEffect(() => {
    shownAt.current = performance.now()
  }, [])
  const isMeant = ({ timeStamp, repeat = false }: Press): boolean => !repeat && timeStamp >= shownAt.current
  return {
    /** Of one that says something else, after which the next is a new one. */
    isMeant: (press: Press): boolean => {
      if (!isMeant(press)) return false
      last.current = Number.NEGATIVE_INFINITY
      return true
    },
    /** Likewise for one that says how it went. */
    isOutcome: (press: Press): boolean => {
      if (!isMeant(press) || (!isTouched.current && press.timeStamp - last.current < ONE_PRESS_MS)) return false
      last.current = press.timeStamp
      return true
    },
    touch: () => {
      isTouched.current = true
    },
  }
}
