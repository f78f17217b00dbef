import { useEffect, useState } from 'react'
import { timeOfDayIn } from '../parts/time.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import { LEAD_TEXTS } from './texts.ts'

const EVERY_MS = 15_000

/** What time it is where the lead is, beside the reader's own; nothing where the zone is not known. */
export function LocalTime({ zone }: { zone: string | null }) {
  const t = useTexts(LEAD_TEXTS)
  const { language } = useLanguage()
  const [now, setNow] = useState(() => new Date())
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), EVERY_MS)
    return () => clearInterval(timer)
  }, [])
  const there = zone === null ? null : timeOfDayIn(zone, language, now)
  const here = timeOfDayIn(Intl.DateTimeFormat().resolvedOptions().timeZone, language, now)
  if (there === null || here === null) return null
  return <div title={zone ?? undefined}>{there === here ? t.sameTime(there) : t.timeThere(there, here)}</div>
}
