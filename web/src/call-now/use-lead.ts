import { useCallback, useEffect, useRef, useState } from 'react'
import { type Answer, isOthers, type Lead, letGo, take, type Wish } from './queue.ts'

const RENEW_EVERY_MS = 300_000
const CLAIM_MS = 900_000
/** Somebody may be due, or let go of by another. */
const LOOK_AGAIN_EVERY_MS = 30_000

/** The lead that is one's own at the moment, with how many wait. */
export interface Taken extends Answer {
  /** When it was taken first, by the service's clock. */
  since: number
}

const sinceOf = (lead: Lead | null): number => (lead === null ? 0 : Date.parse(lead.claimed_until) - CLAIM_MS)

/**
 * Keeps a lead taken while the page is open: renewed every five minutes while it is seen, let go of on leaving.
 *
 * @param wished the one that the address names
 * @param onTaken told which it is, for the address
 * @param onLost told why one could not be had, in the service's words
 */
export function useLead(wished: string | null, onTaken: (id: string | null) => void, onLost: (words: string) => void) {
  const [taken, setTaken] = useState<Taken | null>(null)
  const [error, setError] = useState<unknown>(null)
  const current = useRef<string | null>(null)
  const told = useRef({ onTaken, onLost })
  told.current = { onTaken, onLost }

  const goTo = useCallback(async (wish: Wish): Promise<Taken | null> => {
    const before = current.current
    try {
      const answer = await take(wish).catch((refused: unknown) => {
        if (wish.opportunity_id === undefined || !isOthers(refused)) throw refused
        told.current.onLost(refused.message)
        return take({})
      })
      const id = answer.claim?.opportunity.id ?? null
      // One that is named by its id does not let go of the one before.
      if (before !== null && before !== id && wish.opportunity_id !== undefined) letGo(before)
      current.current = id
      const now = { ...answer, since: sinceOf(answer.claim) }
      setTaken(now)
      setError(null)
      told.current.onTaken(id)
      return now
    } catch (failed) {
      // The one before may be done with: to show it again would ask for its outcome a second time.
      setTaken(null)
      setError(failed)
      return null
    }
  }, [])

  const first = useRef(wished)
  useEffect(() => {
    void goTo(first.current === null ? {} : { opportunity_id: first.current })
    const leave = () => {
      if (current.current !== null) letGo(current.current)
    }
    window.addEventListener('pagehide', leave)
    return () => {
      window.removeEventListener('pagehide', leave)
      leave()
      current.current = null
    }
  }, [goTo])

  useEffect(() => {
    let renewedAt = Date.now()
    const renew = async () => {
      const id = current.current
      if (id === null || document.hidden || Date.now() - renewedAt < RENEW_EVERY_MS) return
      renewedAt = Date.now()
      const answer = await take({ opportunity_id: id }).catch((refused: unknown) => {
        if (isOthers(refused) && current.current === id) {
          told.current.onLost(refused.message)
          void goTo({})
        }
        return null
      })
      if (answer !== null && current.current === id) {
        setTaken((before) => before && { ...before, ...answer, next_due_at: before.next_due_at })
      }
    }
    const comeBack = ({ persisted }: PageTransitionEvent) => {
      if (!persisted) return
      renewedAt = 0
      void renew()
    }
    const timer = setInterval(renew, LOOK_AGAIN_EVERY_MS)
    document.addEventListener('visibilitychange', renew)
    window.addEventListener('pageshow', comeBack)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', renew)
      window.removeEventListener('pageshow', comeBack)
    }
  }, [goTo])

  const isEmpty = taken !== null && taken.claim === null
  useEffect(() => {
    if (!isEmpty) return
    const timer = setInterval(() => document.hidden || void goTo({}), LOOK_AGAIN_EVERY_MS)
    return () => clearInterval(timer)
  }, [isEmpty, goTo])

  return { taken, error, goTo }
}
