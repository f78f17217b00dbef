import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { beforeLogOut } from '../parts/under-way.ts'
import { hadLeft, keep, keepSkipped, keptOf, noteLeft, skippedIds } from './kept.ts'
import { knowLead } from './known-lead.ts'
import { type Answer, isAnybodyFree, type Loss, Lost, letGo, take, type Wish } from './queue.ts'

const CLAIM_MS = 900_000
const RENEW_EVERY_MS = 300_000
/** Who comes back to the page sees at once whether the lead is still his. */
const RENEW_ON_RETURN_MS = 30_000
/** What was begun earlier is another call. */
const SAME_CALL_MS = 7_200_000
/** Somebody may be due, or let go of by another. */
const LOOK_AGAIN_EVERY_MS = 30_000

/** What is on the desk. */
export interface Taken extends Answer {
  /** Grows with each lead that is shown. */
  turn: number
  /** Why the lead that is shown is no longer one's own. */
  loss: Loss | null
}

interface Told {
  /** Which it is, for the address. */
  onTaken: (id: string | null) => void
  /** Why a certain one could not be had. */
  onLost: (loss: Loss) => void
}

/** The next; when all the others were offered, those that were skipped. */
async function takeNext(): Promise<Answer> {
  const skipped_ids = skippedIds()
  const answer = await take({ skipped_ids })
  if (answer.claim !== null || skipped_ids.length === 0 || answer.waiting === 0) return answer
  keepSkipped([])
  return take({})
}

/**
 * Keeps a lead taken while the page is open: renewed every five minutes, let go of on leaving.
 *
 * @param wished the one that the address names
 */
export function useLead(wished: string | null, told: Told) {
  const known = useQueryClient()
  const [taken, setTaken] = useState<Taken | null>(null)
  const [error, setError] = useState<unknown>(null)
  /** A certain lead that another window of the same person has. */
  const [openElsewhere, setOpenElsewhere] = useState<string | null>(null)
  const current = useRef<string | null>(null)
  const isLeft = useRef(false)
  const renewedAt = useRef(0)
  const line = useRef<Promise<unknown>>(Promise.resolve())
  const latest = useRef(told)
  latest.current = told

  const put = useCallback(
    (answer: Answer): string | null => {
      const id = answer.claim?.opportunity.id ?? null
      if (isLeft.current) {
        if (id !== null) void letGo(id)
        return null
      }
      if (answer.claim !== null && id !== null) {
        knowLead(known, answer.claim)
        const now = Date.parse(answer.claim.claimed_until) - CLAIM_MS
        const { since } = keptOf(id)
        keep(id, { since: since === null || now - since > SAME_CALL_MS ? now : since })
      }
      current.current = id
      renewedAt.current = Date.now()
      setTaken((before) => ({ ...answer, turn: (before?.turn ?? 0) + 1, loss: null }))
      latest.current.onTaken(id)
      return id
    },
    [known],
  )

  const change = useCallback(
    async (wish: Wish | 'next'): Promise<string | null> => {
      if (isLeft.current) return null
      const before = current.current
      setError(null)
      setOpenElsewhere(null)
      try {
        if (wish === 'next') return put(await takeNext())
        const id = put(await take(wish))
        if (before !== null && before !== wish.opportunity_id) void letGo(before)
        return id
      } catch (failed) {
        if (failed instanceof Lost && failed.loss.why !== 'window') {
          latest.current.onLost(failed.loss)
          return change('next')
        }
        // The one before may be done with: to show it again would ask for its outcome a second time.
        setTaken(null)
        if (failed instanceof Lost) setOpenElsewhere(wish === 'next' ? null : (wish.opportunity_id ?? null))
        else setError(failed)
        return null
      }
    },
    [put],
  )

  /** Gives which lead is shown then. One after the other: what was asked for last is what is shown. */
  const goTo = useCallback(
    (wish: Wish | 'next'): Promise<string | null> => {
      const going = line.current.then(() => change(wish))
      line.current = going
      return going
    },
    [change],
  )

  const first = useRef(wished)
  useEffect(() => {
    isLeft.current = false
    const leave = async () => {
      if (current.current !== null) await letGo(current.current)
    }
    const go = () => {
      noteLeft()
      void leave()
    }
    const stay = beforeLogOut(async () => {
      await leave()
      // Where the log-out is refused, it is taken again.
      renewedAt.current = 0
    })
    const take_over = hadLeft()
    void goTo(first.current === null ? 'next' : { opportunity_id: first.current, take_over })
    window.addEventListener('pagehide', go)
    return () => {
      window.removeEventListener('pagehide', go)
      stay()
      isLeft.current = true
      go()
      current.current = null
    }
  }, [goTo])

  useEffect(() => {
    const renew = async (afterMs: number) => {
      const id = current.current
      if (id === null || Date.now() - renewedAt.current < afterMs) return
      renewedAt.current = Date.now()
      try {
        const { claim, waiting } = await take({ opportunity_id: id })
        if (claim !== null) knowLead(known, claim)
        setTaken((before) => before && { ...before, claim, waiting, loss: null })
      } catch (refused) {
        // Without an answer it is asked again; what is written stays on the desk.
        if (!(refused instanceof Lost)) return
        setTaken((before) => before && { ...before, loss: refused.loss })
      }
    }
    /** Not while another lead is on its way: the one before would be taken again. */
    const inLine = (afterMs: number) => {
      line.current = line.current.then(() => renew(afterMs))
    }
    const regularly = () => inLine(RENEW_EVERY_MS)
    const returned = () => document.hidden || inLine(RENEW_ON_RETURN_MS)
    const cameBack = ({ persisted }: PageTransitionEvent) => {
      if (!persisted) return
      hadLeft()
      inLine(0)
    }
    const timer = setInterval(regularly, LOOK_AGAIN_EVERY_MS)
    document.addEventListener('visibilitychange', returned)
    window.addEventListener('online', returned)
    window.addEventListener('pageshow', cameBack)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', returned)
      window.removeEventListener('online', returned)
      window.removeEventListener('pageshow', cameBack)
    }
  }, [known])

  const isEmpty = taken !== null && taken.claim === null
  const somebody = useQuery({
    queryKey: ['queue', 'anybody'],
    queryFn: isAnybodyFree,
    enabled: isEmpty,
    staleTime: 0,
    refetchInterval: LOOK_AGAIN_EVERY_MS,
  })
  const isFound = isEmpty && somebody.data === true && !somebody.isFetching
  useEffect(() => {
    // Who does not look at the page leaves the lead to others.
    if (isFound && !document.hidden) void goTo('next')
  }, [isFound, goTo])

  return { taken, error, openElsewhere, goTo }
}
