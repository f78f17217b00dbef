import { Anchor, Button, Group, Paper, Skeleton, Stack, Text, Title } from '@mantine/core'
import { Link } from 'wouter'
import { Fault } from '../parts/fault.tsx'
import { useTexts } from '../texts/language.ts'
import type { Period } from './period.ts'
import { type Contradiction, useContradictions } from './queries.ts'
import { COVERAGE_TEXTS } from './texts.ts'

/** Where calls and attempts do not say the same, a sentence each, with the way to them. */
export function Contradictions({ count, period }: { count: number; period: Period }) {
  const t = useTexts(COVERAGE_TEXTS)
  const found = useContradictions(period, count > 0)
  if (count === 0) return null
  const all = found.data?.pages.flatMap(({ data }) => data) ?? []
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="contradictions">
      <Title order={2} size="h4" id="contradictions">
        {t.list}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {t.listMore}
      </Text>
      {found.isError && <Fault error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Skeleton h={24 * Math.min(count, 10)} className="late" />}
      <Stack gap="xs">
        {all.map((one) => (
          <Item key={`${one.kind} ${one.call_id} ${one.opportunity_id} ${one.detail}`} contradiction={one} />
        ))}
      </Stack>
      {found.hasNextPage && (
        <Button mt="sm" variant="default" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {t.showMore}
        </Button>
      )}
    </Paper>
  )
}

function Item({ contradiction: { kind, call_id, opportunity_id, detail } }: { contradiction: Contradiction }) {
  const t = useTexts(COVERAGE_TEXTS)
  const lead = opportunity_id === null ? null : `/leads/${opportunity_id}`
  return (
    <div>
      <Text size="sm">{t.kinds?.[kind] ?? detail}</Text>
      <Group gap="md">
        {lead !== null && call_id !== null && (
          <Anchor component={Link} href={`${lead}?call=${encodeURIComponent(call_id)}`} size="sm">
            {t.theCall}
          </Anchor>
        )}
        {lead !== null && (
          <Anchor component={Link} href={lead} size="sm">
            {t.theLead}
          </Anchor>
        )}
        {lead === null && call_id !== null && (
          <Text size="sm" c="dimmed">
            {t.theCall}: {call_id}
          </Text>
        )}
      </Group>
    </div>
  )
}
