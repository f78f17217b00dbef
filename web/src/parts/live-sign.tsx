import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { LIVE } from '../api/live.ts'
import { type InLanguages, useTexts } from '../texts/language.ts'
import classes from './live-sign.module.css'

const TEXTS: InLanguages<{ notLive: string }> = {
  en: { notLive: 'Not live: changes by others show late' },
  es: { notLive: 'Sin cambios en vivo: los de otros se ven tarde' },
}

/** What comes back sooner is not worth a word. */
const AFTER_MS = 5_000

/** Says that changes of others are not heard of; nothing while they are. */
export function LiveSign() {
  const t = useTexts(TEXTS)
  const { data: isLive = true } = useQuery({ queryKey: LIVE, queryFn: () => true, enabled: false })
  const [isLong, setIsLong] = useState(false)
  useEffect(() => {
    setIsLong(false)
    if (isLive) return
    const timer = setTimeout(() => setIsLong(true), AFTER_MS)
    return () => clearTimeout(timer)
  }, [isLive])
  return (
    <div className={classes.sign} role="status">
      {!isLive && isLong && <span>{t.notLive}</span>}
    </div>
  )
}
