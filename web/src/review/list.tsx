import { Text } from '@mantine/core'
import { Link } from 'wouter'
import { When } from '../parts/time.tsx'
import { useTexts } from '../texts/language.ts'
import type { ReviewItem } from './item.ts'
import classes from './review.module.css'
import { REVIEW_TEXTS } from './texts.ts'

/** Where an item is shown. */
export const addressOf = (id: string): string => `/review?item=${id}`

/** What is open, the oldest first. */
export function ReviewList({ items, shownId }: { items: readonly ReviewItem[]; shownId: string | null }) {
  const t = useTexts(REVIEW_TEXTS)
  return (
    <ul className={classes.list}>
      {items.map(({ id, kind, created_at, reason }) => (
        <li key={id}>
          <Link
            href={addressOf(id)}
            className={classes.entry ?? ''}
            aria-current={id === shownId ? 'true' : undefined}
            replace={shownId !== null}
          >
            <Text fw={550} size="sm">
              {t.kinds[kind]}
            </Text>
            <Text size="xs" c="dimmed" lineClamp={2}>
              <When at={created_at} /> · {t.whys?.[kind] ?? reason}
            </Text>
          </Link>
        </li>
      ))}
    </ul>
  )
}
