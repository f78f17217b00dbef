import { Skeleton, Stack, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import { answered, api } from '../api/client.ts'
import { Fault, wordsOf } from '../parts/fault.tsx'
import { keepRings } from '../parts/rings.ts'
import { timeOfDay } from '../parts/time.tsx'
import type { Me } from '../session/me.ts'
import { useLanguage, useTexts } from '../texts/language.ts'
import classes from './call-now.module.css'
import { Desk } from './desk.tsx'
import { keep, keepSkipped, skippedIds } from './kept.ts'
import { useKnownLead } from './known-lead.ts'
import { OpenElsewhere, wordsOfLoss } from './loss.tsx'
import { Nobody } from './nobody.tsx'
import type { Lead, Loss } from './queue.ts'
import { type Happened, Said } from './said.tsx'
import { CALL_NOW_TEXTS } from './texts.ts'
import { type Taken, useLead } from './use-lead.ts'
import type { Finished } from './use-saying.ts'

export default function CallNowPage({ me }: { me: Me }) {
  const t = useTexts(CALL_NOW_TEXTS)
  useEffect(() => {
    document.title = `${t.title} · First Call`
  }, [t])
  return me.role === 'viewer' ? <Text>{t.viewer}</Text> : <Calling />
}

const IN_ADDRESS = 'lead'

/** So that the page shows the same lead when it is loaded again. */
function nameInAddress(id: string | null): void {
  const { pathname } = window.location
  window.history.replaceState(window.history.state, '', id === null ? pathname : `${pathname}?${IN_ADDRESS}=${id}`)
}

const wishedInAddress = (): string | null => new URLSearchParams(window.location.search).get(IN_ADDRESS)

/** One lead after the other. */
function Calling() {
  const t = useTexts(CALL_NOW_TEXTS)
  const { language } = useLanguage()
  const known = useQueryClient()
  const [happened, setHappened] = useState<Happened | null>(null)
  const [wished] = useState(wishedInAddress)
  const { taken, error, openElsewhere, goTo } = useLead(wished, {
    onTaken: nameInAddress,
    onLost: (loss) => setHappened({ name: null, words: wordsOfLoss(loss, language), undo: null }),
  })
  const lastPress = useRef(Number.NEGATIVE_INFINITY)
  /** The lead whose outcome was taken back. */
  const [backId, setBackId] = useState<string | null>(null)

  const nameOf = ({ contact, opportunity }: Lead): string => contact?.name ?? opportunity.title ?? t.unnamed
  const goOn = async () => {
    setBackId(null)
    await goTo('next')
  }
  const refresh = () => {
    for (const kind of ['opportunity', 'opportunities', 'calls', 'call', 'queue', 'coverage'])
      void known.invalidateQueries({ queryKey: [kind] })
  }

  async function saved(lead: Lead, { outcome, saved: { call, undo }, kept, rings }: Finished) {
    const { id, contact_id } = lead.opportunity
    const takeBack = async () => {
      keep(id, { notes: kept.notes, since: kept.since })
      keepRings(contact_id, rings)
      await undo()
      // The call is taken back all the same.
      await restoreStatus(lead).catch(() => undefined)
      setBackId(id)
      const isHere = (await goTo({ opportunity_id: id })) === id
      setHappened((loss) => {
        const words = isHere ? t.undone : [t.takenBack, loss?.words].filter((one) => one !== undefined).join(' ')
        return { name: nameOf(lead), words, undo: null }
      })
      refresh()
    }
    await goOn()
    setHappened({ name: nameOf(lead), words: t.saved(t.outcomes[outcome], call.attempt.number), undo: takeBack })
    refresh()
  }

  async function skip(lead: Lead) {
    const { id } = lead.opportunity
    keepSkipped([...skippedIds().filter((other) => other !== id), id])
    keep(id, { since: null })
    await goOn()
    setHappened({ name: nameOf(lead), words: t.skipped, undo: null })
  }

  const over = useCallback(() => setHappened(null), [])
  const isUndoing = useRef(false)
  async function undo(takeBack: () => Promise<void>) {
    if (isUndoing.current) return
    isUndoing.current = true
    setHappened(null)
    await takeBack().catch((refused: unknown) =>
      setHappened({ name: null, words: wordsOf(refused, language), undo: takeBack }),
    )
    isUndoing.current = false
  }

  const lead = taken?.claim ?? null
  return (
    <Stack className={classes.page} gap="sm">
      <Head taken={taken} />
      <Said
        happened={happened}
        next={lead === null ? null : nameOf(lead)}
        onUndo={(takeBack) => void undo(takeBack)}
        onOver={over}
      />
      {error !== null && <Fault error={error} onRetry={() => void goOn()} />}
      {openElsewhere !== null && (
        <OpenElsewhere
          onHere={() => void goTo({ opportunity_id: openElsewhere, take_over: true })}
          onNext={() => void goOn()}
        />
      )}
      {taken === null && error === null && openElsewhere === null && <Skeleton height={520} className="late" />}
      {taken !== null && lead === null && (
        <Nobody nextDueAt={taken.next_due_at} onLookAgain={() => void goTo('next')} />
      )}
      {taken !== null && lead !== null && (
        <LiveLead key={`${lead.opportunity.id} ${taken.turn}`} lead={lead} loss={taken.loss}>
          {(now, loss) => (
            <Desk
              lead={now}
              loss={loss}
              lastPress={lastPress}
              isBack={backId === now.opportunity.id}
              onSaved={(finished) => saved(now, finished)}
              onSkip={() => skip(now)}
              onNext={goOn}
            />
          )}
        </LiveLead>
      )}
    </Stack>
  )
}

function Head({ taken }: { taken: Taken | null }) {
  const t = useTexts(CALL_NOW_TEXTS)
  const { language } = useLanguage()
  const claim = taken?.claim ?? null
  return (
    <Text c="dimmed" className={classes.head}>
      {taken !== null && taken.waiting > 0 && t.waiting(taken.waiting)}
      {claim !== null && taken?.loss === null && ` · ${t.yours(timeOfDay(claim.claimed_until, language))}`}
    </Text>
  )
}

interface LiveLeadProps {
  lead: Lead
  loss: Loss | null
  children: (lead: Lead, loss: Loss | null) => ReactNode
}

/** The lead as others change it. */
function LiveLead({ lead, loss, children }: LiveLeadProps) {
  const now = useKnownLead(lead)
  return children(now.lead, now.isLost ? { why: 'gone' } : loss)
}

/** An attempt had made `contacted` of `pending` (A8), and does not take that back with itself (B5). */
async function restoreStatus({ opportunity: { id, status } }: Lead): Promise<void> {
  if (status !== 'pending') return
  const params = { path: { id } }
  const now = await answered(api.GET('/api/crm/opportunities/{id}', { params }))
  if (now.status !== 'contacted') return
  const header = { 'If-Match': `"${now.revision}"` }
  await answered(api.PATCH('/api/crm/opportunities/{id}', { params: { ...params, header }, body: { status } }))
}
