const WORDS = {
  pending: { en: 'pending', es: 'pendiente' },
  assigned: { en: 'assigned', es: 'asignado' },
  contacted: { en: 'contacted', es: 'contactado' },
  qualified: { en: 'qualified', es: 'cualificado' },
  won: { en: 'won', es: 'ganado' },
  lost: { en: 'lost', es: 'perdido' },
  discarded: { en: 'discarded', es: 'descartado' },
} as const

/** The statuses that we have words for. */
export const STATUSES = Object.keys(WORDS) as readonly (keyof typeof WORDS)[]

/** Whether it is one of ours, and not a word of another system. */
export const isKnownStatus = (status: string): status is keyof typeof WORDS => Object.hasOwn(WORDS, status)

/** A status as it is read; other systems' words stay as they are. */
export const statusWords = (status: string, language: 'en' | 'es'): string =>
  isKnownStatus(status) ? WORDS[status][language] : status
