import { timeOfDayIn, useNow } from '../parts/time.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import { LEAD_TEXTS } from './texts.ts'

/** What time it is where the lead is, beside the reader's own; nothing where the zone is not known. */
export function LocalTime({ zone }: { zone: string | null }) {
  const t = useTexts(LEAD_TEXTS)
  const { language } = useLanguage()
  const now = useNow()
  const there = zone === null ? null : timeOfDayIn(zone, language, now)
  const here = timeOfDayIn(undefined, language, now)
  if (there === null || here === null) return null
  return <div>{there === here ? t.sameTime(there) : t.timeThere(there, here)}</div>
}
