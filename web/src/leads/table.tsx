// biome-ignore-all lint/a11y/useSemanticElements: rows of a table would take no place of their own, and only a part of them is there
import { Skeleton, VisuallyHidden } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import {
  type CSSProperties,
  type KeyboardEvent,
  type Ref,
  useCallback,
  useEffect,
  useId,
  useImperativeHandle,
  useMemo,
  useRef,
} from 'react'
import type { Column } from './columns.ts'
import type { Sort } from './filter.ts'
import { Head, widthsOf } from './head.tsx'
import type { Lead } from './lead.ts'
import classes from './leads.module.css'
import { Row, rowId } from './row.tsx'
import type { LeadTexts } from './texts.ts'
import { useAnchor } from './use-anchor.ts'

const HEAD_HEIGHT = 38
const ROW_HEIGHT = 44
const NARROW_ROW_HEIGHT = 68
/** So many rows before the end of what is there, the next page is fetched. */
const FETCHED_AHEAD = 60
const OVERSCAN = 8
const SKELETONS = 12

/** What keys of the page do with the table. */
export interface TableKeys {
  /** Makes the lead the active one that comes so many rows later, and gives the table the focus. */
  move: (by: number) => void
}

interface TableProps {
  keys: Ref<TableKeys>
  leads: readonly Lead[]
  hasMore: boolean
  isWaiting: boolean
  /** Whether the leads are those of the view of before, until those of this one come. */
  isOfBefore: boolean
  /** How many there are, where that is known. */
  count: number | null
  /** Fetches the next page; null where that was in vain. */
  onMore: (() => void) | null
  /** Told from which to which lead is on the screen. */
  onSeen: (first: number, last: number) => void
  columns: readonly Column[]
  sort: Sort
  onSort: (sort: Sort) => void
  active: string | null
  onActive: (id: string) => void
  chosen: ReadonlySet<string>
  canChoose: boolean
  onChoose: (lead: Lead, isRange: boolean) => void
  onChooseAll: () => void
  areAllChosen: boolean
  onOpen: (lead: Lead) => void
  isNarrow: boolean
  /** How far it was scrolled when it was last seen, and where that is kept. */
  place: { get: () => number; set: (top: number) => void }
  /** What is said after the last lead that is there. */
  end: string
  t: LeadTexts
  nameOfAgent: (id: string) => string
}

/** A table that has only what is on the screen, of as many leads as one likes. */
export function LeadTable(props: TableProps) {
  const { leads, hasMore, isWaiting, onMore, onSeen, active, onActive, onOpen, onChoose, isNarrow, place, t } = props
  const box = useRef<HTMLDivElement>(null)
  const hint = useId()
  const rowHeight = isNarrow ? NARROW_ROW_HEIGHT : ROW_HEIGHT
  const headHeight = isNarrow ? 0 : HEAD_HEIGHT
  const rows = useVirtualizer({
    count: leads.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: OVERSCAN,
    // No row hides behind the head.
    scrollMargin: headHeight,
    scrollPaddingStart: headHeight,
    initialOffset: place.get,
    getItemKey: (index) => leads[index]?.id ?? index,
  })
  const items = rows.getVirtualItems()
  // A row that leaves the screen becomes the one that comes: to change its words is sooner done than to make another.
  const slots = useRef(1)
  slots.current = Math.max(slots.current, items.length)
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (hasMore && !isWaiting && last >= leads.length - FETCHED_AHEAD) onMore?.()
  }, [hasMore, isWaiting, last, leads.length, onMore])
  const first = items[0]?.index ?? 0
  // biome-ignore lint/correctness/useExhaustiveDependencies: which pages are old is known by the leads
  useEffect(() => onSeen(first, last), [first, last, leads, onSeen])

  const places = useMemo(() => new Map(leads.map(({ id }, index) => [id, index])), [leads])
  const activePlace = active === null ? -1 : (places.get(active) ?? -1)
  const moveTo = useCallback(
    (to: number) => {
      const next = Math.max(0, Math.min(leads.length - 1, to))
      const lead = leads[next]
      if (lead === undefined) return
      onActive(lead.id)
      rows.scrollToIndex(next)
    },
    [leads, onActive, rows],
  )
  useImperativeHandle(
    props.keys,
    () => ({
      move: (by) => {
        moveTo(activePlace + by)
        box.current?.focus({ preventScroll: true })
      },
    }),
    [moveTo, activePlace],
  )
  useAnchor(box, places, leads, rowHeight)

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== box.current || event.ctrlKey || event.metaKey || event.altKey) return
    const onScreen = Math.max(1, Math.floor((box.current?.clientHeight ?? rowHeight) / rowHeight) - 2)
    const steps: Record<string, number> = {
      ArrowDown: activePlace + 1,
      ArrowUp: activePlace - 1,
      PageDown: activePlace + onScreen,
      PageUp: activePlace - onScreen,
      Home: 0,
      End: leads.length - 1,
    }
    const to = steps[event.key]
    const lead = leads[activePlace]
    if (to !== undefined) moveTo(to)
    else if (event.key === 'Enter' && lead !== undefined) onOpen(lead)
    else if (event.key === ' ' && lead !== undefined) onChoose(lead, event.shiftKey)
    else return
    event.preventDefault()
  }

  const choose = useCallback(
    (lead: Lead, isRange: boolean) => {
      onActive(lead.id)
      onChoose(lead, isRange)
      box.current?.focus({ preventScroll: true })
    },
    [onActive, onChoose],
  )
  const { widths, least } = widthsOf(props.columns, props.canChoose)
  return (
    <div
      ref={box}
      role="grid"
      tabIndex={0}
      className={classes.grid}
      data-narrow={isNarrow}
      data-choice={props.canChoose}
      style={{ '--widths': widths, '--least': least } as CSSProperties}
      aria-label={t.leads}
      aria-describedby={hint}
      aria-rowcount={hasMore ? (props.count ?? -1) : leads.length + 1}
      aria-multiselectable={props.canChoose}
      aria-activedescendant={items.some(({ index }) => index === activePlace) ? rowId(active ?? '') : undefined}
      aria-busy={isWaiting}
      onKeyDown={onKeyDown}
      onScroll={({ currentTarget }) => place.set(currentTarget.scrollTop)}
    >
      <VisuallyHidden id={hint}>{t.gridHint}</VisuallyHidden>
      {!isNarrow && <Head {...props} />}
      <div role="rowgroup" className={classes.rows} style={{ height: rows.getTotalSize() }}>
        {items.map(({ index, start }) => {
          const lead = leads[index]
          return (
            lead !== undefined && (
              <Row
                key={index % slots.current}
                lead={lead}
                place={index}
                top={start - headHeight}
                columns={props.columns}
                isActive={index === activePlace}
                isChosen={props.chosen.has(lead.id)}
                canChoose={props.canChoose}
                isOfBefore={props.isOfBefore}
                isNarrow={isNarrow}
                t={t}
                nameOfAgent={props.nameOfAgent}
                onOpen={onOpen}
                onChoose={choose}
              />
            )
          )
        })}
      </div>
      {leads.length === 0 && isWaiting ? (
        <div className={classes.skeletons}>
          {Array.from({ length: SKELETONS }, (_, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
            <Skeleton key={place} height={16} className="late" />
          ))}
        </div>
      ) : (
        <div className={classes.end}>{props.end}</div>
      )}
    </div>
  )
}
