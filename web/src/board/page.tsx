import {
  type Announcements,
  closestCenter,
  DndContext,
  type DragEndEvent,
  DragOverlay,
  KeyboardSensor,
  MouseSensor,
  pointerWithin,
  TouchSensor,
  useSensor,
  useSensors,
} from '@dnd-kit/core'
import { Anchor, Group, Title } from '@mantine/core'
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { ChangesBar } from '../leads/changes-bar.tsx'
import { writeView } from '../leads/filter.ts'
import { FilterBar } from '../leads/filter-bar.tsx'
import { type Lead, nameOf } from '../leads/lead.ts'
import { SearchBox } from '../leads/search-box.tsx'
import { LEADS_TEXTS } from '../leads/texts.ts'
import { useView } from '../leads/use-view.ts'
import { useKeys } from '../parts/keys.tsx'
import { useAgentName } from '../parts/people.ts'
import { statusWords } from '../parts/status.ts'
import type { Me } from '../session/me.ts'
import { useLanguage, useTexts } from '../texts/language.ts'
import classes from './board.module.css'
import { CardFace } from './card.tsx'
import { Column } from './column.tsx'
import { focusNext } from './focus.ts'
import { useStatuses } from './statuses.ts'
import { byColumns } from './steps.ts'
import { BOARD_TEXTS } from './texts.ts'
import { useMoves } from './use-moves.ts'

const KEYBOARD = {
  coordinateGetter: byColumns,
  keyboardCodes: { start: ['Space'], cancel: ['Escape'], end: ['Space', 'Enter'] },
}

/** A card that is not shown by then does not take the focus from what is done since. */
const FOCUSED_WITHIN_MS = 1_000

const leadOf = (active: DragEndEvent['active']): Lead | null => (active.data.current?.lead as Lead | undefined) ?? null

export default function BoardPage({ me }: { me: Me }) {
  const t = useTexts(BOARD_TEXTS)
  const words = useTexts(LEADS_TEXTS)
  const { language } = useLanguage()
  const [, goTo] = useLocation()
  const [view, show] = useView()
  const statuses = useStatuses(view)
  const nameOfAgent = useAgentName()
  const { moving, move, changes } = useMoves()
  const [dragged, setDragged] = useState<Lead | null>(null)
  const search = useRef<HTMLInputElement>(null)
  useKeys([{ keys: '/', label: words.keys.search, run: () => search.current?.focus() }])
  const sensors = useSensors(
    useSensor(MouseSensor, { activationConstraint: { distance: 6 } }),
    // Shorter, and one could not scroll.
    useSensor(TouchSensor, { activationConstraint: { delay: 250, tolerance: 8 } }),
    useSensor(KeyboardSensor, KEYBOARD),
  )
  const names = statuses.join('\n')
  const targets = useMemo(
    () => names.split('\n').map((status) => ({ status, label: statusWords(status, language) })),
    [names, language],
  )
  const open = useCallback(({ id }: Lead) => goTo(`/leads/${id}`), [goTo])
  const [focused, setFocused] = useState<{ id: string; status: string } | null>(null)
  const onFocused = useCallback(() => setFocused(null), [])
  useEffect(() => {
    if (focused === null) return
    const timer = setTimeout(onFocused, FOCUSED_WITHIN_MS)
    return () => clearTimeout(timer)
  }, [focused, onFocused])
  const onMove = useCallback(
    (lead: Lead, status: string) => {
      setFocused({ id: lead.id, status })
      void move(lead, status)
    },
    [move],
  )
  const drop = ({ active, over }: DragEndEvent) => {
    const lead = leadOf(active)
    setDragged(null)
    if (lead !== null && over !== null) onMove(lead, String(over.id))
  }
  const query = writeView(view)

  return (
    <div className={classes.page}>
      <Group gap="sm">
        <Title order={1} size="h3">
          {t.board}
        </Title>
        <Anchor component={Link} href={query === '' ? '/leads' : `/leads?${query}`} size="sm" mr="auto">
          {t.asTable}
        </Anchor>
        <SearchBox q={view.q} onSearch={(q) => show({ ...view, q }, { replace: view.q !== '' })} box={search} />
      </Group>
      <FilterBar me={me} view={view} onView={show} without={['status']} />
      <DndContext
        sensors={sensors}
        // By the pointer where there is one; by keys it is what lies nearest.
        collisionDetection={(asked) =>
          asked.pointerCoordinates === null ? closestCenter(asked) : pointerWithin(asked)
        }
        onDragStart={({ active }) => setDragged(leadOf(active))}
        onDragEnd={drop}
        onDragCancel={() => setDragged(null)}
        accessibility={{
          announcements: announcementsIn(t, (status) => statusWords(status, language)),
          screenReaderInstructions: { draggable: t.instructions },
        }}
      >
        {/* biome-ignore lint/a11y/noStaticElementInteractions: arrows go from card to card, which have the focus */}
        <div className={classes.board} onKeyDown={(event: KeyboardEvent) => dragged === null && focusNext(event)}>
          {targets.map(({ status, label }) => (
            <Column
              key={status}
              status={status}
              label={label}
              view={view}
              targets={targets}
              canMove={me.role !== 'viewer'}
              moving={moving}
              nameOfAgent={nameOfAgent}
              focused={focused?.status === status ? focused.id : null}
              onFocused={onFocused}
              onOpen={open}
              onMove={onMove}
            />
          ))}
        </div>
        <DragOverlay dropAnimation={null}>
          {dragged !== null && (
            <div className={classes.card} data-overlay="true">
              <CardFace lead={dragged} nameOfAgent={nameOfAgent} />
            </div>
          )}
        </DragOverlay>
      </DndContext>
      <ChangesBar changes={changes} />
    </div>
  )
}

type Texts = (typeof BOARD_TEXTS)['en']

function announcementsIn(t: Texts, wordOf: (status: string) => string): Announcements {
  const name = (active: DragEndEvent['active']): string => {
    const lead = leadOf(active)
    return (lead === null ? null : nameOf(lead)) ?? t.noName
  }
  return {
    onDragStart: ({ active }) => t.lifted(name(active)),
    onDragOver: ({ active, over }) =>
      over === null ? t.overNothing(name(active)) : t.over(name(active), wordOf(String(over.id))),
    onDragEnd: ({ active, over }) =>
      over === null ? t.putNowhere(name(active)) : t.put(name(active), wordOf(String(over.id))),
    onDragCancel: ({ active }) => t.cancelled(name(active)),
  }
}
