import { Alert, Anchor, Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useEffect, useRef, useState } from 'react'
import { Link, useLocation, useSearchParams } from 'wouter'
import { Problem } from '../api/client.ts'
import { Fault, wordsOf } from '../parts/fault.tsx'
import { useKeys } from '../parts/keys.tsx'
import type { Me } from '../session/me.ts'
import { useLanguage, useTexts } from '../texts/language.ts'
import type { ReviewItem } from './item.ts'
import { type Decided, ItemView } from './item-view.tsx'
import { addressOf, ReviewList } from './list.tsx'
import { useDecide, useForget, useReview } from './queries.ts'
import classes from './review.module.css'
import { REVIEW_TEXTS } from './texts.ts'

interface Told {
  words: string
  isFault: boolean
  /** Takes back what was done; null where it cannot be. */
  undo: (() => Promise<void>) | null
}

/** Whoever presses the same again within this time has not read what came in its place. */
const AGAIN_WITHIN_MS = 700

/** What a machine could not decide: a list, and one item after the other. */
export default function ReviewPage({ me }: { me: Me }) {
  const t = useTexts(REVIEW_TEXTS)
  const { language } = useLanguage()
  const isNarrow = useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false })
  const [, goTo] = useLocation()
  const [params] = useSearchParams()
  const [told, setTold] = useState<Told | null>(null)
  const review = useReview()
  const decide = useDecide()
  const forget = useForget()
  const items = review.data?.pages.flatMap(({ data }) => data) ?? []
  const askedId = params.get('item')
  const at = items.findIndex(({ id }) => id === askedId)
  // What is read does not go away under one's hands, nor does the next key decide something else.
  const lastShown = useRef<{ item: ReviewItem; at: number } | null>(null)
  const found = items[at]
  if (found !== undefined) lastShown.current = { item: found, at }
  const held = lastShown.current?.item.id === askedId ? lastShown.current : null
  const shown = found ?? held?.item
  const isGone = found === undefined && held !== null && !decide.isPending
  const [first] = items
  const isFirstWanted = !isNarrow && askedId === null
  useEffect(() => {
    if (isFirstWanted && first !== undefined) goTo(addressOf(first.id), { replace: true })
  }, [isFirstWanted, first, goTo])

  const show = (place: number) => {
    const item = items[place]
    if (item === undefined) return
    setTold(null)
    goTo(addressOf(item.id), { replace: askedId !== null })
  }
  // Where the item is gone, the one that has come to its place is next.
  const next = () => show(isGone && held !== null ? Math.min(held.at, items.length - 1) : at + 1)
  useKeys([
    { keys: 'j', label: t.next, run: next },
    { keys: 'k', label: t.previous, run: () => show((isGone && held !== null ? held.at : at) - 1) },
  ])

  const isDeciding = useRef(false)
  const last = useRef({ pressed: '', at: 0 })

  async function carryOut(item: ReviewItem, decided: Decided) {
    const isAgain = decided.pressed === last.current.pressed && Date.now() - last.current.at < AGAIN_WITHIN_MS
    if (isDeciding.current || isAgain) return
    isDeciding.current = true
    await decideOn(item, decided)
    isDeciding.current = false
    last.current = { pressed: decided.pressed, at: Date.now() }
  }

  async function takeBack(undo: () => Promise<void>) {
    // It is taken back once, and nothing comes to the place of its button meanwhile.
    setTold((now) => now && { ...now, undo: null })
    try {
      await undo()
      setTold({ words: t.undone, isFault: false, undo: null })
    } catch (error) {
      setTold({ words: wordsOf(error, language), isFault: true, undo: null })
    }
  }

  async function decideOn(item: ReviewItem, { answer, change, did }: Decided) {
    const following = items[at + 1] ?? items[at - 1]
    const moveOn = (words: string, undo: Told['undo'] = null) => {
      setTold({ words, isFault: false, undo })
      goTo(following === undefined ? '/review' : addressOf(following.id), { replace: true })
      forget(item)
    }
    try {
      const undo = await decide.mutateAsync({ item, answer, change })
      moveOn(t.done[did], undo)
    } catch (error) {
      const isConflict = error instanceof Problem && (error.status === 409 || error.status === 412)
      if (!isConflict) return setTold({ words: wordsOf(error, language), isFault: true, undo: null })
      const { data } = await review.refetch()
      const isOpen = data?.pages.some((page) => page.data.some(({ id }) => id === item.id)) ?? false
      if (isOpen) setTold({ words: t.goneMeanwhile, isFault: true, undo: null })
      else moveOn(t.decidedByOther)
    }
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
            <Group gap="md">
              {told.words}
              {told.undo !== null && (
                <Button size="compact-sm" variant="default" onClick={() => told.undo && void takeBack(told.undo)}>
                  {t.undo}
                </Button>
              )}
            </Group>
          </Alert>
        )}
      </div>
      {review.isError && <Fault error={review.error} onRetry={() => void review.refetch()} />}
      {review.isPending && <Skeleton h={240} className="late" />}
      {review.isSuccess && items.length === 0 && shown === undefined && (
        <div>
          <Text fw={600}>{t.none}</Text>
          <Text c="dimmed">{t.noneMore}</Text>
        </div>
      )}
      {(items.length > 0 || shown !== undefined) && (
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
              {isGone && (
                <Alert color="orange" role="status">
                  <Group justify="space-between">
                    <Text size="sm">{t.goneNow}</Text>
                    {items.length > 0 && (
                      <Button size="xs" variant="default" onClick={next}>
                        {t.next} (j)
                      </Button>
                    )}
                  </Group>
                </Alert>
              )}
              <ItemView
                key={shown.id}
                item={shown}
                canDecide={me.role !== 'viewer' && !isGone}
                isViewer={me.role === 'viewer'}
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
