import { Anchor, Button, Group, Stack, Text, Title } from '@mantine/core'
import { useDisclosure, useMediaQuery } from '@mantine/hooks'
import { useCallback, useMemo, useRef, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { Fault } from '../parts/fault.tsx'
import { useKeys } from '../parts/keys.tsx'
import { useAgentName } from '../parts/people.ts'
import type { Me } from '../session/me.ts'
import { useLanguage, useTexts } from '../texts/language.ts'
import { ChangesBar } from './changes-bar.tsx'
import { type Chosen, NONE, toggled, upTo } from './chosen.ts'
import { ChosenBar } from './chosen-bar.tsx'
import { useColumns } from './columns.ts'
import { type Sort, writeView } from './filter.ts'
import { FilterBar } from './filter-bar.tsx'
import type { Lead, LeadChange } from './lead.ts'
import classes from './leads.module.css'
import { NewLead } from './new-lead.tsx'
import { rememberedPlace } from './place.ts'
import { useCount, useLeads } from './queries.ts'
import { SearchBox } from './search-box.tsx'
import { LeadTable, type TableKeys } from './table.tsx'
import { LEADS_TEXTS } from './texts.ts'
import { useChanges } from './use-changes.ts'
import { useView } from './use-view.ts'
import { ViewMenu } from './view-menu.tsx'

export default function LeadsPage({ me }: { me: Me }) {
  const t = useTexts(LEADS_TEXTS)
  const { language } = useLanguage()
  const [, goTo] = useLocation()
  const isNarrow = useMediaQuery('(max-width: 48em)', undefined, { getInitialValueInEffect: false })
  const [view, show] = useView()
  const [columns, toggleColumn] = useColumns()
  const list = useLeads(view)
  const count = useCount(view)
  const nameOfAgent = useAgentName()
  const changes = useChanges()
  const [chosen, setChosen] = useState<Chosen>(NONE)
  const table = useRef<TableKeys>(null)
  const search = useRef<HTMLInputElement>(null)
  const [isNewShown, newLead] = useDisclosure(false)
  const canChange = me.role !== 'viewer'

  const { leads, hasNextPage, isFetchingNextPage, fetchMore, isPlaceholderData } = list
  const canChooseNow = canChange && !isPlaceholderData
  const key = writeView(view)
  const place = useMemo(() => rememberedPlace(key), [key])
  const [active, setActiveState] = useState(place.active)
  const setActive = useCallback(
    (id: string) => {
      place.setActive(id)
      setActiveState(id)
    },
    [place],
  )
  const order = useMemo(() => leads.map(({ id }) => id), [leads])
  const chosenLeads = isPlaceholderData ? [] : leads.filter(({ id }) => chosen.ids.has(id))
  const areAllChosen = leads.length > 0 && chosenLeads.length === leads.length

  const open = useCallback(
    ({ id }: Lead) => {
      setActive(id)
      goTo(`/leads/${id}`)
    },
    [goTo, setActive],
  )
  const choose = useCallback(
    ({ id }: Lead, isRange: boolean) => {
      if (canChooseNow) setChosen((before) => (isRange ? upTo(before, id, order) : toggled(before, id)))
    },
    [order, canChooseNow],
  )
  useKeys([
    { keys: 'j', label: t.keys.next, run: () => table.current?.move(1) },
    { keys: 'k', label: t.keys.previous, run: () => table.current?.move(-1) },
    { keys: '/', label: t.keys.search, run: () => search.current?.focus() },
    ...(canChange
      ? [
          {
            keys: 'x',
            label: t.keys.choose,
            run: () => active !== null && canChooseNow && setChosen((before) => toggled(before, active)),
          },
          { keys: 'n', label: t.keys.add, run: newLead.open },
        ]
      : []),
  ])

  const changeChosen = async (change: LeadChange) => {
    setChosen(NONE)
    await changes.run(chosenLeads.map((lead) => ({ lead, change })))
  }
  const onSearch = useCallback((q: string) => show({ ...view, q }, { replace: view.q !== '' }), [show, view])
  const onSort = useCallback((sort: Sort) => show({ ...view, sort }), [show, view])
  const onMade = useCallback(({ id }: { id: string }) => goTo(`/leads/${id}`), [goTo])
  const onMore = useCallback(() => void fetchMore(), [fetchMore])
  const number = new Intl.NumberFormat(language)
  const isEmpty = list.isSuccess && !isPlaceholderData && leads.length === 0
  const isNarrowed = writeView({ ...view, sort: '-created_at' }) !== ''

  return (
    <div className={classes.page}>
      <Group gap="sm" wrap={isNarrow ? 'wrap' : 'nowrap'}>
        <Group gap={8} align="baseline" wrap="nowrap" mr="auto">
          <Title order={1} size="h3">
            {t.leads}
          </Title>
          <Text c="dimmed" size="sm" role="status" miw={40}>
            {count.data !== undefined && t.count(number.format(count.data.count), count.data.more)}
          </Text>
          {!isNarrow && (
            <Anchor component={Link} href={key === '' ? '/board' : `/board?${key}`} size="sm">
              {t.asBoard}
            </Anchor>
          )}
        </Group>
        <SearchBox q={view.q} onSearch={onSearch} box={search} />
        <ViewMenu columns={columns} onToggle={toggleColumn} sort={view.sort} onSort={onSort} isNarrow={isNarrow} />
        {canChange && <Button onClick={newLead.open}>+ {t.addLead}</Button>}
      </Group>
      <FilterBar me={me} view={view} onView={show} />
      {list.isError && leads.length === 0 ? (
        <Fault error={list.error} onRetry={() => void list.refetch()} />
      ) : isEmpty ? (
        <Stack align="start" py="xl" gap="xs">
          <Text fw={600}>{isNarrowed ? t.nothingFound : t.nothingYet}</Text>
          {isNarrowed ? (
            <Button variant="light" onClick={() => show({ filters: {}, q: '', sort: view.sort })}>
              {t.clearAll}
            </Button>
          ) : (
            <Text c="dimmed">{t.nothingYetHint}</Text>
          )}
        </Stack>
      ) : (
        <LeadTable
          key={key}
          keys={table}
          leads={leads}
          hasMore={hasNextPage}
          isWaiting={isFetchingNextPage || list.isPending}
          isOfBefore={isPlaceholderData}
          count={count.data === undefined || count.data.more ? null : count.data.count + 1}
          onMore={list.moreError === null ? onMore : null}
          onSeen={list.onSeen}
          columns={columns}
          sort={view.sort}
          onSort={onSort}
          active={active}
          onActive={setActive}
          chosen={chosen.ids}
          canChoose={canChange}
          onChoose={choose}
          areAllChosen={areAllChosen}
          onChooseAll={() => setChosen(areAllChosen ? NONE : { ids: new Set(order), from: order[0] ?? null })}
          onOpen={open}
          isNarrow={isNarrow}
          place={place}
          end={hasNextPage ? (list.moreError === null ? t.loadingMore : '') : t.theEnd(number.format(leads.length))}
          t={t}
          nameOfAgent={nameOfAgent}
        />
      )}
      {list.moreError !== null && <Fault error={list.moreError} onRetry={onMore} />}
      <ChangesBar changes={changes} />
      {chosenLeads.length > 0 && changes.state?.kind !== 'running' && (
        <ChosenBar
          me={me}
          words={t.chosen(
            chosenLeads.length,
            number.format(chosenLeads.length),
            count.data === undefined ? null : t.count(number.format(count.data.count), count.data.more),
          )}
          onChange={(change) => void changeChosen(change)}
          onNone={() => setChosen(NONE)}
        />
      )}
      <NewLead isShown={isNewShown} onClose={newLead.close} onMade={onMade} />
    </div>
  )
}
