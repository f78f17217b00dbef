import { type InLanguages, useLanguage, useTexts } from '../texts/language.ts'
import classes from './pills.module.css'
import { formatMoment } from './time.tsx'

export type Colour = 'green' | 'orange' | 'red'

/** An attempt as opportunities have it. */
export interface Attempt {
  status: Colour
  call_id: string
  attempted_at: string
  notes: string
}

const en = {
  attempts: (made: number) => `${made} of 5 attempts`,
  none: (number: number) => `Attempt ${number}: not made yet`,
  green: 'spoke',
  orange: 'nobody there',
  red: 'declined',
  made: (number: number, what: string, when: string) => `Attempt ${number}: ${what}, ${when}`,
}

const TEXTS: InLanguages<typeof en> = {
  en,
  es: {
    attempts: (made) => `${made} de 5 intentos`,
    none: (number) => `Intento ${number}: sin hacer`,
    green: 'se habló',
    orange: 'no contestó nadie',
    red: 'rechazada',
    made: (number, what, when) => `Intento ${number}: ${what}, ${when}`,
  },
}

const NUMBERS = [1, 2, 3, 4, 5] as const

interface PillsProps {
  attempts: Readonly<Record<string, Attempt>>
  size?: 'small' | 'large'
  /** Told which was pressed; without it they are only shown. */
  onOpen?: (attempt: Attempt) => void
}

/** The five attempts: each by its colour, by its shape, and in words. */
export function Pills({ attempts, size = 'small', onOpen }: PillsProps) {
  const t = useTexts(TEXTS)
  const { language } = useLanguage()
  const made = NUMBERS.filter((number) => attempts[number] !== undefined).length
  return (
    <fieldset className={classes.pills} data-size={size} aria-label={t.attempts(made)}>
      {NUMBERS.map((number) => {
        const attempt = attempts[number]
        const label =
          attempt === undefined
            ? t.none(number)
            : t.made(number, t[attempt.status], formatMoment(attempt.attempted_at, language))
        return attempt === undefined || onOpen === undefined ? (
          <span key={number} className={classes.pill} role="img" aria-label={label} title={label}>
            <Shape colour={attempt?.status ?? null} number={number} />
          </span>
        ) : (
          <button
            key={number}
            type="button"
            className={classes.pill}
            aria-label={label}
            title={label}
            onClick={() => onOpen(attempt)}
          >
            <Shape colour={attempt?.status ?? null} number={number} />
          </button>
        )
      })}
    </fieldset>
  )
}

/** A disc with a tick, a ring with a bar, a square with a cross; an outline with its number where there is none. */
export function Shape({ colour, number }: { colour: Colour | null; number: number }) {
  return (
    <svg viewBox="0 0 20 20" aria-hidden="true" className={classes.shape} data-colour={colour ?? 'none'}>
      {colour === 'green' && (
        <>
          <circle cx="10" cy="10" r="9" fill="currentColor" />
          <path d="M6 10.5l2.7 2.7L14.2 7.5" className={classes.mark} />
        </>
      )}
      {colour === 'orange' && (
        <>
          <circle cx="10" cy="10" r="7.75" fill="none" stroke="currentColor" strokeWidth="2.5" />
          <path d="M6.7 10h6.6" stroke="currentColor" strokeWidth="2.2" strokeLinecap="round" />
        </>
      )}
      {colour === 'red' && (
        <>
          <rect x="1.5" y="1.5" width="17" height="17" rx="3" fill="currentColor" />
          <path d="M7 7l6 6M13 7l-6 6" className={classes.mark} />
        </>
      )}
      {colour === null && (
        <>
          <circle cx="10" cy="10" r="8.5" fill="none" stroke="currentColor" strokeDasharray="2 2.4" />
          <text x="10" y="13.4" textAnchor="middle" fontSize="9.5" fill="currentColor">
            {number}
          </text>
        </>
      )}
    </svg>
  )
}
