import type { components } from '../api/schema.d.ts'
import { directionWords, resultWords } from '../parts/call-words.ts'
import { statusWords } from '../parts/status.ts'

/* What a change was, in sentences. Pure. */

type Entry = components['schemas']['AuditEntry']
type Renumbered = components['schemas']['OpportunityHistoryEntry']['renumbered']
type NameOf = (id: string) => string | null

const en = {
  who: {
    bootstrap: 'The first key',
    zadarma: 'The PBX',
    mail: 'An e-mail',
    import: 'An import',
    sync: 'Going through the history',
    sweep: 'The service, by itself,',
    'command line': 'Somebody at the server',
  } as Record<string, string>,
  someKey: 'Another system (by its key)',
  somebody: 'A colleague',
  fields: {
    title: 'the title',
    status: 'the status',
    assigned_to: 'the agent',
    source: 'the source',
    name: 'the name',
    phones: 'the numbers',
    email: 'the e-mail address',
    timezone: 'the time zone',
    opt_out: 'whether they want no calls',
    entity_id: 'whose call it is',
    direction: 'the direction',
    call_status: 'the result',
    call_result: 'the result in other words',
    resumen_llamada: 'the notes',
    phone_number: 'the number',
    extension: 'the extension',
    started_at: 'the start',
    answered_at: 'when it was answered',
    ended_at: 'the end',
    duration_seconds: 'the duration',
  } as Record<string, string>,
  nothing: 'nothing',
  yes: 'yes',
  no: 'no',
  nobody: 'nobody',
  changed: (who: string, field: string, from: string, to: string) => `${who} changed ${field} from ${from} to ${to}.`,
  changedSecretly: (who: string, field: string) => `${who} changed ${field}.`,
  made: (who: string) => `${who} made it.`,
  madeCall: (who: string) => `${who} told of it.`,
  deleted: (who: string) => `${who} deleted it.`,
  touched: (who: string) => `${who} changed what follows from it.`,
  recording: (who: string) => `${who} changed its recording.`,
  added: (number: number, time: string) => `The call of ${time} became attempt ${number}.`,
  removed: (number: number) => `Attempt ${number} was given back.`,
  becameLate: (from: number, to: number, time: string) =>
    `Attempt ${from} became ${to}, because a call of ${time} was reported late.`,
  becameGone: (from: number, to: number) => `Attempt ${from} became ${to}, because an earlier one was given back.`,
  became: (from: number, to: number) => `Attempt ${from} became ${to}.`,
  turned: (number: number, from: string, to: string) => `Attempt ${number} turned from ${from} to ${to}.`,
  green: 'green',
  orange: 'orange',
  red: 'red',
  completed: 'With that the first call was completed.',
  reopened: 'With that the first call was no longer completed.',
  counts: 'With that it counted as an attempt.',
  countsNot: 'With that it did not count as an attempt.',
}

const es: typeof en = {
  who: {
    bootstrap: 'La primera clave',
    zadarma: 'La centralita',
    mail: 'Un correo',
    import: 'Una importación',
    sync: 'El repaso del historial',
    sweep: 'El servicio, por sí solo,',
    'command line': 'Alguien en el servidor',
  },
  someKey: 'Otro sistema (con su clave)',
  somebody: 'Un compañero',
  fields: {
    title: 'el título',
    status: 'el estado',
    assigned_to: 'el agente',
    source: 'el origen',
    name: 'el nombre',
    phones: 'los números',
    email: 'la dirección de correo',
    timezone: 'la zona horaria',
    opt_out: 'si no quiere llamadas',
    entity_id: 'de quién es la llamada',
    direction: 'el sentido',
    call_status: 'el resultado',
    call_result: 'el resultado con otras palabras',
    resumen_llamada: 'las notas',
    phone_number: 'el número',
    extension: 'la extensión',
    started_at: 'el comienzo',
    answered_at: 'cuándo se contestó',
    ended_at: 'el final',
    duration_seconds: 'la duración',
  },
  nothing: 'nada',
  yes: 'sí',
  no: 'no',
  nobody: 'nadie',
  changed: (who, field, from, to) => `${who} cambió ${field} de ${from} a ${to}.`,
  changedSecretly: (who, field) => `${who} cambió ${field}.`,
  made: (who) => `${who} la creó.`,
  madeCall: (who) => `${who} informó de ella.`,
  deleted: (who) => `${who} la borró.`,
  touched: (who) => `${who} cambió lo que se deriva de ella.`,
  recording: (who) => `${who} cambió su grabación.`,
  added: (number, time) => `La llamada de ${time} pasó a ser el intento ${number}.`,
  removed: (number) => `El intento ${number} se devolvió.`,
  becameLate: (from, to, time) =>
    `El intento ${from} pasó a ser el ${to}, porque de una llamada de ${time} se supo tarde.`,
  becameGone: (from, to) => `El intento ${from} pasó a ser el ${to}, porque se devolvió uno anterior.`,
  became: (from, to) => `El intento ${from} pasó a ser el ${to}.`,
  turned: (number, from, to) => `El intento ${number} pasó de ${from} a ${to}.`,
  green: 'verde',
  orange: 'naranja',
  red: 'rojo',
  completed: 'Con eso la primera llamada quedó completada.',
  reopened: 'Con eso la primera llamada dejó de estar completada.',
  counts: 'Con eso contó como intento.',
  countsNot: 'Con eso no contó como intento.',
}

const WORDS = { en, es }
type Language = keyof typeof WORDS

/** Who it was, as the beginning of a sentence; ids of people by their names. */
export function whoWords(who: string, language: Language, nameOf: NameOf): string {
  const t = WORDS[language]
  if (who.startsWith('user:')) return nameOf(who.slice('user:'.length)) ?? t.somebody
  if (who.startsWith('key:')) return t.someKey
  return t.who[who] ?? who
}

/** Moments are written by whoever shows them: in the reader's zone. */
interface Reader {
  language: Language
  nameOf: NameOf
  formatMoment: (moment: string) => string
}

/** What a change was, in one sentence or several. */
export function changeWords(entry: Entry & { renumbered?: Renumbered }, reader: Reader): string[] {
  const t = WORDS[reader.language]
  const who = whoWords(entry.who, reader.language, reader.nameOf)
  const rest = [...attemptWords(entry, reader), ...consequences(entry, t)]
  if (entry.kind === 'recording') return [t.recording(who)]
  if (entry.before === null && entry.after !== null)
    return [entry.kind === 'call' ? t.madeCall(who) : t.made(who), ...rest]
  if (entry.after === null) return [t.deleted(who)]
  const fields = Object.keys(t.fields).filter((field) => field in (entry.after ?? {}) || entry.withheld.includes(field))
  const sentences = fields.map((field) => {
    const name = t.fields[field] ?? field
    if (entry.withheld.includes(field) || field === 'entity_id') return t.changedSecretly(who, name)
    return t.changed(
      who,
      name,
      valueWords(field, entry.before?.[field], reader),
      valueWords(field, entry.after?.[field], reader),
    )
  })
  const all = [...sentences, ...rest]
  return all.length === 0 ? [t.touched(who)] : all
}

function valueWords(field: string, value: unknown, { language, nameOf, formatMoment }: Reader): string {
  const t = WORDS[language]
  if (value == null || value === '') return field === 'assigned_to' ? t.nobody : t.nothing
  if (typeof value === 'boolean') return value ? t.yes : t.no
  if (Array.isArray(value)) return value.length === 0 ? t.nothing : value.join(', ')
  const text = String(value)
  if (field === 'assigned_to') return nameOf(text) ?? text
  if (field === 'status') return `“${statusWords(text, language)}”`
  if (field === 'call_status') return `“${resultWords(text, language)}”`
  if (field === 'direction') return `“${directionWords(text as 'outbound', language)}”`
  if (field === 'duration_seconds') return `${text} s`
  return field.endsWith('_at') ? formatMoment(text) : `“${text}”`
}

interface ToldAttempt {
  status: 'green' | 'orange' | 'red'
  call_id: string
  attempted_at: string
}

const attemptsIn = (fields: Entry['before']): Readonly<Record<string, ToldAttempt>> =>
  (fields?.first_call_attempts ?? {}) as Readonly<Record<string, ToldAttempt>>

/** B4: which attempts came, went, and have another number, and because of what. */
function attemptWords(
  { before, after, renumbered = [] }: Entry & { renumbered?: Renumbered },
  reader: Reader,
): string[] {
  const t = WORDS[reader.language]
  const [were, are] = [attemptsIn(before), attemptsIn(after)]
  const timeOf = (number: number): string => {
    const at = are[number]?.attempted_at
    return at === undefined ? '?' : reader.formatMoment(at)
  }
  const added = renumbered.find(({ from }) => from === null)?.to ?? null
  const removed = renumbered.find(({ to }) => to === null)?.from ?? null
  const sentences = renumbered.map(({ from, to }) => {
    if (to === null) return from === null ? '' : t.removed(from)
    if (from === null) return t.added(to, timeOf(to))
    if (added !== null && added < to && from < to) return t.becameLate(from, to, timeOf(added))
    return removed !== null && removed < from && to < from ? t.becameGone(from, to) : t.became(from, to)
  })
  const turned = Object.entries(are).flatMap(([number, is]) => {
    const was = Object.values(were).find(({ call_id }) => call_id === is.call_id)
    return was === undefined || was.status === is.status ? [] : [t.turned(Number(number), t[was.status], t[is.status])]
  })
  return [...sentences.filter((sentence) => sentence !== ''), ...turned]
}

function consequences({ before, after, kind }: Entry, t: typeof en): string[] {
  if (kind === 'opportunity' && before !== null && after !== null && 'first_call_completed' in after) {
    return [after.first_call_completed === true ? t.completed : t.reopened]
  }
  if (kind === 'call' && after !== null && 'outcome' in after) {
    return [after.outcome === 'registered' ? t.counts : t.countsNot]
  }
  return []
}
