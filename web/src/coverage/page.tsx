import { Paper, SimpleGrid, Skeleton, Stack, Title } from '@mantine/core'
import { useSearchParams } from 'wouter'
import { Fault } from '../parts/fault.tsx'
import { useMe } from '../session/me.ts'
import { useTexts } from '../texts/language.ts'
import { Contradictions } from './contradictions.tsx'
import { Doors } from './doors.tsx'
import { Figures } from './figures.tsx'
import { Meter } from './meter.tsx'
import { chosenIn, periodOf } from './period.ts'
import { PeriodBar } from './period-bar.tsx'
import { useCoverage } from './queries.ts'
import { COVERAGE_TEXTS } from './texts.ts'

/** Whether every call that counts has its attempt, what became of the others, and how the doors are. */
export default function CoveragePage() {
  const t = useTexts(COVERAGE_TEXTS)
  const me = useMe()
  const [params] = useSearchParams()
  const chosen = chosenIn(params)
  const period = periodOf(chosen, new Date())
  const coverage = useCoverage(period)
  return (
    <Stack maw={1080}>
      <Title order={1} size="h2">
        {t.title}
      </Title>
      <PeriodBar chosen={chosen} />
      {coverage.isError && <Fault error={coverage.error} onRetry={() => void coverage.refetch()} />}
      {coverage.isPending && <Skeleton h={200} className="late" />}
      {coverage.data !== undefined && (
        <Stack aria-busy={coverage.isPlaceholderData}>
          <Paper withBorder p="md">
            <Meter coverage={coverage.data} />
          </Paper>
          <SimpleGrid cols={{ base: 1, md: 2 }}>
            <Figures coverage={coverage.data} period={period} />
          </SimpleGrid>
          <Contradictions count={coverage.data.contradictions} period={period} />
        </Stack>
      )}
      <Doors canSetUp={me.data?.role === 'admin'} />
    </Stack>
  )
}
