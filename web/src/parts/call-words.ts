import type { components } from '../api/schema.d.ts'

/* What a call was, in words. Pure. */

export type Call = components['schemas']['Call']

/** A result that a person chooses, with what is written of it (A3). */
export interface Result {
  name: 'spoke' | 'noAnswer' | 'busy' | 'declined' | 'wrongNumber'
  call_status: string
}

/** A wrong number is nobody's answer: it failed, and its result says why. */
export const RESULTS: readonly Result[] = [
  { name: 'spoke', call_status: 'completed' },
  { name: 'noAnswer', call_status: 'no_answer' },
  { name: 'busy', call_status: 'busy' },
  { name: 'declined', call_status: 'rejected' },
  { name: 'wrongNumber', call_status: 'failed' },
]

const en = {
  completed: 'Spoke',
  answered: 'Spoke',
  rejected: 'Declined',
  failed: 'Could not be put through',
  no_answer: 'No answer',
  busy: 'Busy',
  none: 'No result yet',
  outbound: 'outgoing',
  inbound: 'incoming',
  internal: 'between colleagues',
  spoke: 'Spoke',
  noAnswer: 'No answer',
  declined: 'Declined',
  wrongNumber: 'Wrong number',
  pbx: 'by the PBX',
  email: 'by e-mail',
  entered: 'entered',
  by: (provider: string) => `by ${provider}`,
}

const es: typeof en = {
  completed: 'Se habló',
  answered: 'Se habló',
  rejected: 'Rechazada',
  failed: 'No se pudo establecer',
  no_answer: 'No contestó nadie',
  busy: 'Comunicaba',
  none: 'Aún sin resultado',
  outbound: 'saliente',
  inbound: 'entrante',
  internal: 'entre compañeros',
  spoke: 'Se habló',
  noAnswer: 'No contestó',
  declined: 'Rechazada',
  wrongNumber: 'Número equivocado',
  pbx: 'por la centralita',
  email: 'por correo',
  entered: 'anotada',
  by: (provider) => `por ${provider}`,
}

const WORDS = { en, es }
type Language = keyof typeof WORDS

const KNOWN = ['completed', 'answered', 'rejected', 'failed', 'no_answer', 'busy'] as const

/** The result of a call; a word that is not among the rules' stays as it is (A3). */
export function resultWords(status: string | null, language: Language): string {
  if (status === null) return WORDS[language].none
  const known = KNOWN.find((word) => word === status.trim().toLowerCase())
  return known === undefined ? status : WORDS[language][known]
}

export const resultName = ({ name }: Result, language: Language): string => WORDS[language][name]

export const directionWords = (direction: Call['direction'], language: Language): string => WORDS[language][direction]

/** By which door it came, as far as the call itself tells: only machines link a call, or have recordings. */
export function doorWords(
  { provider, link, recordings }: Pick<Call, 'provider' | 'link' | 'recordings'>,
  language: Language,
): string {
  const t = WORDS[language]
  if (provider === 'zadarma') return t.pbx
  if (provider !== null) return t.by(provider)
  return link !== null || recordings.length > 0 ? t.email : t.entered
}

/** `42 s`, `3 min 5 s`, `1 h 2 min`. */
export function formatDuration(seconds: number): string {
  const [hours, minutes, rest] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60), seconds % 60]
  const parts = hours > 0 ? [`${hours} h`, minutes > 0 && `${minutes} min`] : [minutes > 0 && `${minutes} min`]
  const withRest = hours > 0 || (rest === 0 && minutes > 0) ? parts : [...parts, `${rest} s`]
  return withRest.filter((part) => part !== false).join(' ')
}

/** When it took place. */
export const happenedAt = ({ started_at, created_at }: Pick<Call, 'started_at' | 'created_at'>): string =>
  started_at ?? created_at
