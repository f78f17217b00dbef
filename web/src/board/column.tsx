import { useDroppable } from '@dnd-kit/core'
import { Button, Skeleton, Text } from '@mantine/core'
import { useEffect, useId, useRef } from 'react'
import { type LeadView, withFilter } from '../leads/filter.ts'
import type { Lead } from '../leads/lead.ts'
import { useCount, useLeads } from '../leads/queries.ts'
import { Fault, wordsOf } from '../parts/fault.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import classes from './board.module.css'
import { Card, type Target } from './card.tsx'
import { BOARD_TEXTS } from './texts.ts'

const A_PAGE = 25

interface ColumnProps extends Target {
  view: LeadView
  targets: readonly Target[]
  canMove: boolean
  /** Those that are just being moved. */
  moving: ReadonlySet<string>
  nameOfAgent: (id: string) => string
  /** The lead that was just moved here, and is to have the focus; null where there is none. */
  focused: string | null
  onFocused: () => void
  onOpen: (lead: Lead) => void
  onMove: (lead: Lead, status: string) => void
}

/** The leads of a status, as far down as somebody has scrolled. */
export function Column(props: ColumnProps) {
  const { status, label, view, targets, canMove, moving, nameOfAgent, focused, onFocused, onOpen, onMove } = props
  const t = useTexts(BOARD_TEXTS)
  const { language } = useLanguage()
  const own = withFilter(view, 'status', status)
  const list = useLeads(own, A_PAGE)
  const { leads, hasNextPage, isFetchingNextPage, fetchMore, moreError, isPending, isError, isPlaceholderData } = list
  const { data: counted } = useCount(own)
  const { setNodeRef, isOver } = useDroppable({ id: status, data: { label } })
  const title = useId()
  const end = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (end.current === null || !hasNextPage || isFetchingNextPage || moreError !== null) return
    const watcher = new IntersectionObserver(([entry]) => entry?.isIntersecting === true && void fetchMore(), {
      rootMargin: '400px 0px',
    })
    watcher.observe(end.current)
    return () => watcher.disconnect()
  }, [hasNextPage, isFetchingNextPage, fetchMore, moreError])
  const { onSeen } = list
  useEffect(() => onSeen(0, leads.length), [leads, onSeen])
  const count = counted === undefined ? '' : `${counted.count.toLocaleString(language)}${counted.more ? '+' : ''}`

  return (
    <section ref={setNodeRef} className={classes.column} data-over={isOver} aria-labelledby={title}>
      <h2 id={title} className={classes.head}>
        <bdi>{label}</bdi> <span className={classes.count}>{count}</span>
      </h2>
      {isError && leads.length === 0 && <Fault error={list.error} onRetry={() => void list.refetch()} />}
      <ul className={classes.cards} data-column={status}>
        {isPending && <Skeletons />}
        {leads.map((lead) => (
          <Card
            key={lead.id}
            lead={lead}
            targets={targets}
            canMove={canMove}
            isFixed={isPlaceholderData || moving.has(lead.id)}
            isFocused={focused === lead.id}
            onFocused={onFocused}
            nameOfAgent={nameOfAgent}
            onOpen={onOpen}
            onMove={onMove}
          />
        ))}
        {!isPending && !isError && leads.length === 0 && <li className={classes.none}>{t.empty}</li>}
        {hasNextPage && (
          <li ref={end} className={classes.none}>
            {moreError !== null && <Text size="xs">{wordsOf(moreError, language)}</Text>}
            <Button variant="subtle" size="compact-xs" loading={isFetchingNextPage} onClick={() => void fetchMore()}>
              {moreError === null ? t.more : t.again}
            </Button>
          </li>
        )}
      </ul>
    </section>
  )
}

const Skeletons = () => (
  <>
    {['one', 'two', 'three'].map((name) => (
      <li key={name} className="late">
        <Skeleton height={96} />
      </li>
    ))}
  </>
)
