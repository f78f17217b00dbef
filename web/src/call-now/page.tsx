import { Skeleton, Stack, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { answered, api } from '../api/client.ts'
import type { Dialled } from '../parts/call-button.tsx'
import { Fault, wordsOf } from '../parts/fault.tsx'
import type { Me } from '../session/me.ts'
import { useLanguage, useTexts } from '../texts/language.ts'
import classes from './call-now.module.css'
import { Desk } from './desk.tsx'
import { Nobody } from './nobody.tsx'
import { keepNotes } from './notes.ts'
import type { Outcome } from './outcome.ts'
import type { Lead } from './queue.ts'
import { type Happened, Said } from './said.tsx'
import type { Saved } from './save.ts'
import { CALL_NOW_TEXTS } from './texts.ts'
import { useLead } from './use-lead.ts'

export default function CallNowPage({ me }: { me: Me }) {
  const t = useTexts(CALL_NOW_TEXTS)
  return me.role === 'viewer' ? <Text>{t.viewer}</Text> : <Calling />
}

const IN_ADDRESS = 'lead'

/** So that the page shows the same lead when it is loaded again. */
function nameInAddress(id: string | null): void {
  const { pathname } = window.location
  window.history.replaceState(window.history.state, '', id === null ? pathname : `${pathname}?${IN_ADDRESS}=${id}`)
}

const wishedInAddress = (): string | null => new URLSearchParams(window.location.search).get(IN_ADDRESS)

const NOTHING: readonly Dialled[] = []

/** One lead after the other. */
function Calling() {
  const t = useTexts(CALL_NOW_TEXTS)
  const { language } = useLanguage()
  const known = useQueryClient()
  const [happened, setHappened] = useState<Happened | null>(null)
  const lost = useCallback((words: string) => setHappened({ name: null, words, undo: null }), [])
  const [wished] = useState(wishedInAddress)
  const { taken, error, goTo } = useLead(wished, nameInAddress, lost)
  /** The one that was skipped last: the queue goes on after it. */
  const skipped = useRef<string | null>(null)
  const [turn, setTurn] = useState(0)
  /** The lead whose outcome was taken back, and what the PBX was asked for. */
  const [again, setAgain] = useState<{ id: string; dialled: readonly Dialled[] } | null>(null)
  useEffect(() => {
    document.title = `${t.title} · First Call`
  }, [t])

  const nameOf = ({ contact, opportunity }: Lead): string => contact?.name ?? opportunity.title ?? t.unnamed
  const goOn = async () => {
    setAgain(null)
    const now = await goTo(skipped.current === null ? {} : { after_opportunity_id: skipped.current })
    setTurn((before) => before + 1)
    return now
  }
  const forget = () =>
    Promise.all(
      ['opportunity', 'opportunities', 'calls', 'call', 'queue', 'coverage'].map((kind) =>
        known.invalidateQueries({ queryKey: [kind] }),
      ),
    )

  async function saved(
    lead: Lead,
    { call, undo }: Saved,
    outcome: Outcome,
    notes: string,
    dialled: readonly Dialled[],
  ) {
    const id = lead.opportunity.id
    const takeBack = async () => {
      await undo()
      await restoreStatus(lead)
      keepNotes(id, notes)
      await goTo({ opportunity_id: id })
      setAgain({ id, dialled })
      setTurn((before) => before + 1)
      setHappened({ name: nameOf(lead), words: t.undone, undo: null })
      void forget()
    }
    await goOn()
    setHappened({ name: nameOf(lead), words: t.saved(t.outcomes[outcome], call.attempt.number), undo: takeBack })
    void forget()
  }

  async function skip(lead: Lead) {
    skipped.current = lead.opportunity.id
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
      setHappened({ name: null, words: wordsOf(refused, language), undo: null }),
    )
    isUndoing.current = false
  }

  const lead = taken?.claim ?? null
  return (
    <Stack className={classes.page} gap="sm">
      <Text c="dimmed" className={classes.head}>
        {taken !== null && taken.waiting > 0 && t.waiting(taken.waiting)}
        {lead !== null && ` · ${t.yours(timeOfDay(lead.claimed_until, language))}`}
      </Text>
      <Said
        happened={happened}
        next={lead === null ? null : nameOf(lead)}
        onUndo={(takeBack) => void undo(takeBack)}
        onOver={over}
      />
      {error !== null && <Fault error={error} onRetry={() => void goOn()} />}
      {taken === null && error === null && <Skeleton height={520} className="late" />}
      {taken !== null && lead === null && <Nobody nextDueAt={taken.next_due_at} onLookAgain={() => void goTo({})} />}
      {taken !== null && lead !== null && (
        <Desk
          key={`${lead.opportunity.id} ${turn}`}
          lead={lead}
          since={taken.since}
          dialledBefore={again?.id === lead.opportunity.id ? again.dialled : NOTHING}
          onSaved={(...what) => saved(lead, ...what)}
          onSkip={() => skip(lead)}
        />
      )}
    </Stack>
  )
}

const timeOfDay = (moment: string, language: string): string =>
  new Intl.DateTimeFormat(language, { timeStyle: 'short' }).format(new Date(moment))

/** An attempt had made `contacted` of `pending` (A8), and does not take that back with itself (B5). */
async function restoreStatus({ opportunity: { id, status } }: Lead): Promise<void> {
  if (status !== 'pending') return
  const params = { path: { id } }
  const now = await answered(api.GET('/api/crm/opportunities/{id}', { params }))
  if (now.status !== 'contacted') return
  const header = { 'If-Match': `"${now.revision}"` }
  await answered(api.PATCH('/api/crm/opportunities/{id}', { params: { ...params, header }, body: { status } }))
}
