const WORDS = {
  pending: { en: 'pending', es: 'pendiente' },
  assigned: { en: 'assigned', es: 'asignada' },
  contacted: { en: 'contacted', es: 'contactada' },
  qualified: { en: 'qualified', es: 'cualificada' },
  won: { en: 'won', es: 'ganada' },
  lost: { en: 'lost', es: 'perdida' },
  discarded: { en: 'discarded', es: 'descartada' },
} as const

const isKnown = (status: string): status is keyof typeof WORDS => Object.hasOwn(WORDS, status)

/** The statuses that we have words for. */
export const STATUSES = Object.keys(WORDS)

/** A status as it is read; other systems' words stay as they are. */
export const statusWords = (status: string, language: 'en' | 'es'): string =>
  isKnown(status) ? WORDS[status][language] : status
