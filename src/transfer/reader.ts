import type { z } from 'zod'
import { readCell } from './cells.ts'
import { REJECTED_BECAUSE, REJECTED_LINE } from './columns.ts'
import { FIELDS, foldName, type Kind } from './fields.ts'
import { digestOf, idFor, idOfContent, idOfProviderKey } from './ids.ts'
import type { Row } from './rows.ts'

/** What is wrong with a line, and in which column; null where it is the line as a whole. */
export interface LineFault {
  column: string | null
  reason: string
}

/** A line as it was understood: what it brings, or every fault. */
export type Understood<Data> =
  | { row: Row; id: string; isIdGiven: boolean; data: Data }
  | { row: Row; faults: readonly LineFault[] }

export interface ReaderOptions<Data> {
  kind: Kind
  names: readonly string[]
  /** Of each column the field that it is. */
  fields: readonly (string | null)[]
  /** Of times without an offset. */
  zone: string
  schema: z.ZodType<Data>
}

/**
 * Reads the lines of a file, from the first one on: what is the same as before is told by what was read, so each pass
 * needs a reader of its own.
 */
export class Reader<Data> {
  readonly #options: ReaderOptions<Data>
  /** Of lines with an id what they said, of others how often they were there; the keys never meet. */
  readonly #seen = new Map<string, number>()
  /** Columns that are part of what a line says. */
  readonly #telling: readonly number[]

  constructor(options: ReaderOptions<Data>) {
    this.#options = options
    const isTelling = (name: string): boolean => ![REJECTED_LINE, REJECTED_BECAUSE].includes(foldName(name))
    this.#telling = options.names.flatMap((name, place) => (isTelling(name) ? [place] : []))
  }

  read(row: Row): Understood<Data> {
    if (row.fault !== null) return { row, faults: [{ column: null, reason: row.fault }] }
    const { record, faults } = this.#recordOf(row)
    const identity = this.#identityOf(record, row)
    if ('reason' in identity) faults.push(identity)
    const id = 'id' in identity ? identity.id : undefined
    const { success, data, error } = this.#options.schema.safeParse({ ...record, id })
    const isTold = new Set(faults.map(({ column }) => column))
    for (const { path, message } of error?.issues ?? []) {
      const fault = this.faultAt(path.map(String).join('.'), message)
      if (!isTold.has(fault.column)) faults.push(fault)
    }
    if (faults.length > 0 || !success || id === undefined) return { row, faults }
    return { row, id, isIdGiven: 'isIdGiven' in identity && identity.isIdGiven, data }
  }

  /** A fault of a field, as one of its column. */
  faultAt(path: string, message: string): LineFault {
    const { fields, names, kind } = this.#options
    const [field = '', ...within] = path.split('.')
    const sought = kind === 'calls' && field === 'entity_id' && !fields.includes(field) ? 'contact_id' : field
    const column = names[fields.indexOf(sought)]
    const inside = within.length === 0 ? '' : `${within.join('.')} `
    if (column === undefined) return { column: null, reason: `${path} ${message}` }
    return { column, reason: `${inside}${message}` }
  }

  #recordOf({ cells }: Row): { record: Record<string, unknown>; faults: LineFault[] } {
    const { kind, names, fields, zone } = this.#options
    const record: Record<string, unknown> = {}
    const faults: LineFault[] = []
    const joined: Record<string, unknown[]> = {}
    fields.forEach((name, place) => {
      const field = name === null ? undefined : FIELDS[kind][name]
      if (name === null || field === undefined) return
      if (field.isJoined === true && isSpread(fields, name)) {
        const cell = cells[place]
        if (!isBlank(cell)) joined[name] = [...(joined[name] ?? []), cell]
        return
      }
      const reading = readCell(cells[place], field, zone)
      if ('fault' in reading) faults.push({ column: names[place] ?? null, reason: reading.fault })
      else if (reading.value !== undefined) record[name] = reading.value
    })
    for (const [name, parts] of Object.entries(joined)) {
      const field = FIELDS[kind][name]
      if (field === undefined) continue
      const reading = readCell(
        parts
          .map(String)
          .map(trimmed)
          .join(field.shape === 'phones' ? ';' : ' '),
        field,
        zone,
      )
      if ('fault' in reading) faults.push({ column: names[fields.indexOf(name)] ?? null, reason: reading.fault })
      else if (reading.value !== undefined) record[name] = reading.value
    }
    return { record: withIds(kind, record), faults }
  }

  #identityOf(record: Record<string, unknown>, { line, cells }: Row): { id: string; isIdGiven: boolean } | LineFault {
    const { kind, names } = this.#options
    const { id, provider, provider_call_id } = record
    const content = (): string =>
      JSON.stringify(this.#telling.flatMap((place) => (isBlank(cells[place]) ? [] : [names[place], cells[place]])))
    if (typeof id === 'string') {
      const key = digestOf(id)
      const before = this.#seen.get(key)
      if (before === undefined) this.#seen.set(key, (line % LINES) * CONTENTS + contentOf(content()))
      else if (before % CONTENTS !== contentOf(content())) {
        const where = Math.floor(before / CONTENTS)
        return this.faultAt('id', `is also that of line ${where}, which says something else`)
      }
      return { id, isIdGiven: true }
    }
    if (typeof provider === 'string' && typeof provider_call_id === 'string') {
      return { id: idOfProviderKey(provider.trim(), provider_call_id.trim()), isIdGiven: false }
    }
    const text = content()
    const key = digestOf(text)
    const occurrence = (this.#seen.get(key) ?? 0) + 1
    this.#seen.set(key, occurrence)
    return { id: idOfContent(kind, text, occurrence), isIdGiven: true }
  }
}

/** Of a line with an id its number and what it says are one number, since millions of them are kept. */
const CONTENTS = 2 ** 20
const LINES = 2 ** 32

const contentOf = (content: string): number => {
  const digest = digestOf(content)
  return ((digest.charCodeAt(0) << 12) | (digest.charCodeAt(1) << 4) | (digest.charCodeAt(2) >> 4)) % CONTENTS
}

const trimmed = (text: string): string => text.trim()

const isBlank = (cell: unknown): boolean =>
  cell === null || cell === undefined || (typeof cell === 'string' && cell.trim() === '')

const isSpread = (fields: readonly (string | null)[], name: string): boolean =>
  fields.indexOf(name) !== fields.lastIndexOf(name)

/** Ids of an older system become ours; a contact's is the entity of its call. */
function withIds(kind: Kind, record: Record<string, unknown>): Record<string, unknown> {
  const { id, contact_id, entity_id, ...rest } = record
  const ours = (of: string, value: unknown): unknown => (typeof value === 'string' ? idFor(of, value) : value)
  const made: Record<string, unknown> = { ...rest }
  if (id !== undefined) made.id = ours(kind, id)
  if (kind !== 'calls') {
    if (contact_id !== undefined) made.contact_id = ours('contacts', contact_id)
    return made
  }
  if (entity_id !== undefined) {
    const type = typeof rest.entity_type === 'string' ? rest.entity_type.trim().toLowerCase() : 'contacts'
    made.entity_id = ours(type, entity_id)
  } else if (contact_id !== undefined) {
    made.entity_id = ours('contacts', contact_id)
    made.entity_type ??= 'contacts'
  }
  return made
}
