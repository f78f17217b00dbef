import { Button, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { answered, api } from '../api/client.ts'
import type { components } from '../api/schema.d.ts'
import { Fault } from '../parts/fault.tsx'
import { formatMoment } from '../parts/time.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import { HISTORIES } from './histories.ts'
import { changeWords } from './history-words.ts'
import type { People } from './people.ts'
import type { Kind } from './rows.ts'
import { LEAD_TEXTS } from './texts.ts'
import classes from './timeline.module.css'

type Entry = components['schemas']['AuditEntry'] &
  Partial<Pick<components['schemas']['OpportunityHistoryEntry'], 'renumbered'>>

const A_PAGE = 20

/** Who changed one thing, page by page. */
export function Changes({ kind, id, people }: { kind: Kind; id: string; people: People }) {
  const t = useTexts(LEAD_TEXTS)
  const history = useInfiniteQuery({
    queryKey: [kind, id, 'history'],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }): Promise<{ data: Entry[]; next_cursor: string | null }> => {
      const query = { limit: A_PAGE, ...(pageParam === null ? {} : { cursor: pageParam }) }
      return answered(api.GET(HISTORIES[kind], { params: { path: { id }, query } }))
    },
    getNextPageParam: ({ next_cursor }) => next_cursor,
  })
  if (history.isError) return <Fault error={history.error} onRetry={() => void history.refetch()} />
  const entries = history.data?.pages.flatMap(({ data }) => data) ?? []
  return (
    <>
      {history.isSuccess && entries.length === 0 && (
        <Text size="sm" c="dimmed">
          {t.noHistory}
        </Text>
      )}
      <Entries entries={entries} people={people} />
      {history.hasNextPage && (
        <Button
          mt="xs"
          size="compact-sm"
          variant="default"
          loading={history.isFetchingNextPage}
          onClick={() => void history.fetchNextPage()}
        >
          {t.olderHistory}
        </Button>
      )}
    </>
  )
}

/** Changes in words, each with when it was. */
function Entries({ entries, people }: { entries: readonly Entry[]; people: People }) {
  const { language } = useLanguage()
  const reader = {
    language,
    nameOf: people.nameOf,
    formatMoment: (moment: string) => formatMoment(moment, language),
  }
  return (
    <ul className={classes.entries}>
      {entries.map((entry) => (
        <li key={entry.id}>
          <Text component="time" size="sm" c="dimmed" dateTime={entry.at}>
            {formatMoment(entry.at, language)}
          </Text>
          <div>
            {changeWords(entry as Parameters<typeof changeWords>[0], reader).map((sentence) => (
              <div key={sentence} dir="auto">
                {sentence}
              </div>
            ))}
          </div>
        </li>
      ))}
    </ul>
  )
}
