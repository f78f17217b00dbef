import { type InLanguages, useTexts } from '../texts/language.ts'
import classes from './sign.module.css'

/** How something is. */
export type SignKind = 'good' | 'attention' | 'bad' | 'none'

const TEXTS: InLanguages<Record<SignKind, string>> = {
  en: { good: 'in order', attention: 'look at it', bad: 'wrong', none: 'not set up' },
  es: { good: 'en orden', attention: 'a revisar', bad: 'mal', none: 'sin configurar' },
}

/** A disc with a tick, a ring with a bar, a square with a cross, or a broken outline; said in words, too. */
export function Sign({ kind }: { kind: SignKind }) {
  const t = useTexts(TEXTS)
  return (
    <svg viewBox="0 0 20 20" className={classes.sign} data-kind={kind} role="img" aria-label={t[kind]}>
      {kind === 'good' && (
        <>
          <circle cx="10" cy="10" r="9" fill="currentColor" />
          <path d="M6 10.5l2.7 2.7L14.2 7.5" className={classes.mark} />
        </>
      )}
      {kind === 'attention' && (
        <>
          <circle cx="10" cy="10" r="7.75" fill="none" stroke="currentColor" strokeWidth="2.5" />
          <path d="M6.7 10h6.6" stroke="currentColor" strokeWidth="2.2" strokeLinecap="round" />
        </>
      )}
      {kind === 'bad' && (
        <>
          <rect x="1.5" y="1.5" width="17" height="17" rx="3" fill="currentColor" />
          <path d="M7 7l6 6M13 7l-6 6" className={classes.mark} />
        </>
      )}
      {kind === 'none' && <circle cx="10" cy="10" r="8" fill="none" stroke="currentColor" strokeDasharray="2 2.4" />}
    </svg>
  )
}
