import { Button, Group, NativeSelect, Skeleton, Stack, Text, Title } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useSearchParams } from 'wouter'
import { answered, api } from '../api/client.ts'
import { Fault } from '../parts/fault.tsx'
import { useTexts } from '../texts/language.ts'
import { CallRow } from './call-row.tsx'
import { Chips } from './chips.tsx'
import { filtersIn, OUTCOMES, queryOf } from './filters.ts'
import { CALLS_TEXTS } from './texts.ts'

const A_PAGE = 50

/** Calls, as the address narrows them: what the figures of the coverage are made of. */
export default function CallsPage() {
  const t = useTexts(CALLS_TEXTS)
  const [params, setParams] = useSearchParams()
  const filters = filtersIn(params)
  const query = queryOf(filters)
  const calls = useInfiniteQuery({
    queryKey: ['calls', query],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      answered(
        api.GET('/api/crm/calls', {
          params: { query: { ...query, limit: A_PAGE, ...(pageParam === null ? {} : { cursor: pageParam }) } },
        }),
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })
  const known = calls.data?.pages.flatMap(({ data }) => data) ?? []

  const change = (name: string, value: string | null) =>
    setParams((before) => {
      const after = new URLSearchParams(before)
      if (value === null || value === '') after.delete(name)
      else after.set(name, value)
      return after
    })

  return (
    <Stack gap="md" maw={980}>
      <Group justify="space-between" align="end">
        <Title order={1} size="h2">
          {t.title}
        </Title>
        <NativeSelect
          aria-label={t.filters.outcome}
          value={params.get('outcome') ?? ''}
          onChange={(event) => change('outcome', event.target.value)}
          data={[
            { value: '', label: `${t.filters.outcome}: ${t.all}` },
            ...OUTCOMES.map((outcome) => ({ value: outcome, label: t.outcomes[outcome] })),
          ]}
        />
      </Group>
      <Chips filters={filters} onRemove={(name) => change(name, null)} onClear={() => setParams({})} />
      {calls.isError && <Fault error={calls.error} onRetry={() => void calls.refetch()} />}
      {calls.isPending && (
        <Stack gap="xs" aria-busy="true" className="late">
          <Skeleton h={84} />
          <Skeleton h={84} />
          <Skeleton h={84} />
        </Stack>
      )}
      {calls.isSuccess && known.length === 0 && (
        <div>
          <Text>{filters.length === 0 ? t.noneAtAll : t.none}</Text>
          {filters.length > 0 && (
            <Text size="sm" c="dimmed">
              {t.noneMore}
            </Text>
          )}
        </div>
      )}
      <div>
        {known.map((call) => (
          <CallRow key={call.id} call={call} />
        ))}
      </div>
      {calls.hasNextPage && (
        <Group>
          <Button variant="default" loading={calls.isFetchingNextPage} onClick={() => void calls.fetchNextPage()}>
            {t.older}
          </Button>
        </Group>
      )}
    </Stack>
  )
}
