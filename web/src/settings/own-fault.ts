import { Problem } from '../api/client.ts'
import { wordsOf } from '../parts/fault.tsx'
import type { Language } from '../texts/language.ts'
import { SETTINGS_TEXTS } from './texts.ts'

/** Why something that needs one's own password was not done. */
export function ownFault(error: unknown, language: Language): string {
  const t = SETTINGS_TEXTS[language]
  if (!(error instanceof Problem)) return wordsOf(error, language)
  const [fault] = error.faults
  if (fault?.path === 'password' || fault?.path === 'current_password') return t.wrongPassword
  if (fault?.path === 'new_password') return t.badPassword(fault.message)
  return wordsOf(error, language)
}
