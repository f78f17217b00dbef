import { Alert, Anchor, Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useState } from 'react'
import { Link, useLocation, useSearchParams } from 'wouter'
import { Problem } from '../api/client.ts'
import { Fault, wordsOf } from '../parts/fault.tsx'
import { useKeys } from '../parts/keys.tsx'
import type { Me } from '../session/me.ts'
import { useLanguage, useTexts } from '../texts/language.ts'
import type { ReviewItem } from './item.ts'
import { type Decided, ItemView } from './item-view.tsx'
import { addressOf, ReviewList } from './list.tsx'
import { useDecide, useReview } from './queries.ts'
import classes from './review.module.css'
import { REVIEW_TEXTS } from './texts.ts'

interface Told {
  words: string
  isFault: boolean
}

/** What a machine could not decide: a list, and one item after the other. */
export default function ReviewPage({ me }: { me: Me }) {
  const t = useTexts(REVIEW_TEXTS)
  const { language } = useLanguage()
  const isNarrow = useMediaQuery('(max-width: 48em)') ?? false
  const [, goTo] = useLocation()
  const [params] = useSearchParams()
  const [told, setTold] = useState<Told | null>(null)
  const review = useReview()
  const decide = useDecide()
  const items = review.data?.pages.flatMap(({ data }) => data) ?? []
  const askedId = params.get('item')
  const [place, setPlace] = useState(0)
  const asked = items.findIndex(({ id }) => id === askedId)
  // Where the item is gone, the one that has come to its place is next.
  const shownAt = asked >= 0 ? asked : Math.min(place, items.length - 1)
  const shown = isNarrow && askedId === null ? undefined : items[shownAt]

  const show = (at: number) => {
    const item = items[at]
    if (item === undefined) return
    setPlace(at)
    setTold(null)
    goTo(addressOf(item.id), { replace: askedId !== null })
  }
  useKeys([
    { keys: 'j', label: t.next, run: () => show(shown === undefined ? 0 : shownAt + 1) },
    { keys: 'k', label: t.previous, run: () => show(shown === undefined ? 0 : shownAt - 1) },
  ])

  async function carryOut(item: ReviewItem, { answer, change, did }: Decided) {
    const next = items[shownAt + 1] ?? items[shownAt - 1]
    setPlace(Math.max(0, items[shownAt + 1] === undefined ? shownAt - 1 : shownAt))
    try {
      await decide.mutateAsync({ item, answer, change })
      setTold({ words: t.done[did], isFault: false })
    } catch (error) {
      const isConflict = error instanceof Problem && (error.status === 409 || error.status === 412)
      if (!isConflict) return setTold({ words: wordsOf(error, language), isFault: true })
      const { data } = await review.refetch()
      const isOpen = data?.pages.some((page) => page.data.some(({ id }) => id === item.id)) ?? false
      setTold({ words: isOpen ? t.goneMeanwhile : t.decidedByOther, isFault: isOpen })
      if (isOpen) return
    }
    goTo(next === undefined ? '/review' : addressOf(next.id), { replace: true })
  }

  return (
    <Stack maw={1080}>
      <div>
        <Title order={1} size="h2">
          {t.title}
        </Title>
        <Text c="dimmed">{t.what}</Text>
      </div>
      <div aria-live="polite">
        {told !== null && (
          <Alert color={told.isFault ? 'red' : 'green'} withCloseButton onClose={() => setTold(null)} py="xs">
            {told.words}
          </Alert>
        )}
      </div>
      {review.isError && <Fault error={review.error} onRetry={() => void review.refetch()} />}
      {review.isPending && <Skeleton h={240} className="late" />}
      {review.isSuccess && items.length === 0 && (
        <div>
          <Text fw={600}>{t.none}</Text>
          <Text c="dimmed">{t.noneMore}</Text>
        </div>
      )}
      {items.length > 0 && (
        <div className={isNarrow ? undefined : classes.both}>
          {(!isNarrow || shown === undefined) && (
            <Stack gap="xs">
              <Text size="sm" c="dimmed">
                {t.open(`${items.length}${review.hasNextPage ? '+' : ''}`)}
              </Text>
              <ReviewList items={items} shownId={shown?.id ?? null} />
              {review.hasNextPage && (
                <Button
                  variant="default"
                  loading={review.isFetchingNextPage}
                  onClick={() => void review.fetchNextPage()}
                >
                  {t.showMore}
                </Button>
              )}
            </Stack>
          )}
          {shown !== undefined && (
            <Stack>
              {isNarrow && (
                <Group>
                  <Anchor component={Link} href="/review">
                    ‹ {t.back}
                  </Anchor>
                </Group>
              )}
              <ItemView
                key={shown.id}
                item={shown}
                canDecide={me.role !== 'viewer'}
                isBusy={decide.isPending}
                onDecide={(decided) => void carryOut(shown, decided)}
              />
            </Stack>
          )}
        </div>
      )}
    </Stack>
  )
}
