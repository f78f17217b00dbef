import { useDroppable } from '@dnd-kit/core'
import { Button, Skeleton } from '@mantine/core'
import { useEffect, useId, useRef } from 'react'
import { type LeadView, withFilter } from '../leads/filter.ts'
import type { Lead } from '../leads/lead.ts'
import { useCount, useLeads } from '../leads/queries.ts'
import { Fault } from '../parts/fault.tsx'
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
  onOpen: (lead: Lead) => void
  onMove: (lead: Lead, status: string) => void
}

/** The leads of a status, as far down as somebody has scrolled. */
export function Column({ status, label, view, targets, canMove, moving, nameOfAgent, onOpen, onMove }: ColumnProps) {
  const t = useTexts(BOARD_TEXTS)
  const { language } = useLanguage()
  const own = withFilter(view, 'status', status)
  const { leads, hasNextPage, isFetchingNextPage, fetchNextPage, isPending, isError, error, refetch } = useLeads(
    own,
    A_PAGE,
  )
  const { data: counted } = useCount(own)
  const { setNodeRef, isOver } = useDroppable({ id: status, data: { label } })
  const title = useId()
  const end = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (end.current === null || !hasNextPage || isFetchingNextPage) return
    const watcher = new IntersectionObserver(([entry]) => entry?.isIntersecting === true && void fetchNextPage(), {
      rootMargin: '400px 0px',
    })
    watcher.observe(end.current)
    return () => watcher.disconnect()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  const count = counted === undefined ? '' : `${counted.count.toLocaleString(language)}${counted.more ? '+' : ''}`

  return (
    <section ref={setNodeRef} className={classes.column} data-over={isOver} aria-labelledby={title}>
      <h2 id={title} className={classes.head}>
        <bdi>{label}</bdi> <span className={classes.count}>{count}</span>
      </h2>
      {isError && leads.length === 0 && <Fault error={error} onRetry={() => void refetch()} />}
      <ul className={classes.cards} data-column={status}>
        {isPending && <Skeletons />}
        {leads.map((lead) => (
          <Card
            key={lead.id}
            lead={lead}
            targets={targets}
            canMove={canMove && !moving.has(lead.id)}
            nameOfAgent={nameOfAgent}
            onOpen={onOpen}
            onMove={onMove}
          />
        ))}
        {!isPending && !isError && leads.length === 0 && <li className={classes.none}>{t.empty}</li>}
        {hasNextPage && (
          <li ref={end} className={classes.none}>
            <Button
              variant="subtle"
              size="compact-xs"
              loading={isFetchingNextPage}
              onClick={() => void fetchNextPage()}
            >
              {t.more}
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
