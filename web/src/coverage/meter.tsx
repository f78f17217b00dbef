import { Text } from '@mantine/core'
import { Sign } from '../parts/sign.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import classes from './coverage.module.css'
import type { Coverage } from './queries.ts'
import { COVERAGE_TEXTS } from './texts.ts'

const RADIUS = 62
const ROUND = 2 * Math.PI * RADIUS

/** The share of the calls that count which have their attempt, as a ring and in words. */
export function Meter({ coverage }: { coverage: Coverage }) {
  const t = useTexts(COVERAGE_TEXTS)
  const { language } = useLanguage()
  const { registered, pending, contradictions, share, eligible } = coverage
  const missing = pending + contradictions
  const all = registered + missing
  const kind = all === 0 ? 'none' : missing === 0 ? 'good' : 'attention'
  // Rounded down: 100 % is nothing but all of them.
  const percent = Math.floor(share * 10_000) / 100
  const count = new Intl.NumberFormat(language)
  const shown = all === 0 ? '–' : `${new Intl.NumberFormat(language, { maximumFractionDigits: 2 }).format(percent)} %`
  const words =
    all === 0 ? t.nothing : missing === 0 ? t.whole : t.missing(count.format(missing), count.format(all), missing === 1)
  return (
    <div className={classes.meter}>
      <svg
        viewBox="0 0 150 150"
        className={classes.ring}
        data-kind={kind}
        role="img"
        aria-label={`${t.meter}: ${shown}`}
      >
        <circle cx="75" cy="75" r={RADIUS} className={classes.track} />
        <circle
          cx="75"
          cy="75"
          r={RADIUS}
          className={classes.share}
          strokeDasharray={`${(ROUND * percent) / 100} ${ROUND}`}
        />
        <text x="75" y="84" textAnchor="middle" className={classes.percent} data-long={shown.length > 5}>
          {shown}
        </text>
      </svg>
      <div className={classes.says}>
        <Text size="xl" fw={600} component="div">
          {all > 0 && <Sign kind={kind} />} {words}
        </Text>
        {all === 0 && eligible === 0 && <Text c="dimmed">{t.nothingMore}</Text>}
      </div>
    </div>
  )
}
