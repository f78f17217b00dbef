import type { z } from 'zod'
import { readCell, withoutFormula } from './cells.ts'
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

  /** Of each field the columns that make it. */
  readonly #places = new Map<string, number[]>()

  constructor(options: ReaderOptions<Data>) {
    this.#options = options
    options.fields.forEach((field, place) => {
      if (field !== null) this.#places.set(field, [...(this.#places.get(field) ?? []), place])
    })
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
    // Which of several numbers it is, its text tells.
    const inside = within.length === 0 || field === 'phones' ? '' : `${within.join('.')} `
    if (column === undefined) return { column: null, reason: `${path} ${message}` }
    return { column, reason: `${inside}${message}` }
  }

  #recordOf({ cells }: Row): { record: Record<string, unknown>; faults: LineFault[] } {
    const { kind, names, zone } = this.#options
    const record: Record<string, unknown> = {}
    const faults: LineFault[] = []
    for (const [name, places] of this.#places) {
      const field = FIELDS[kind][name]
      const given = places.filter((place) => !isBlank(cells[place]))
      if (field === undefined || given.length === 0) continue
      // Each number is one of its own; a name or a time is put together.
      const parts =
        field.shape === 'phones' ? given.map((place) => cells[place]) : [joined(given.map((place) => cells[place]))]
      const values: unknown[] = []
      for (const [place, part] of parts.entries()) {
        const reading = readCell(part, field, zone)
        if ('fault' in reading) faults.push({ column: names[given[place] ?? 0] ?? null, reason: reading.fault })
        else if (reading.value !== undefined) values.push(reading.value)
      }
      if (values.length > 0)
        record[name] = field.shape === 'phones' && values.every(Array.isArray) ? values.flat() : values[0]
    }
    return { record: withIds(kind, record), faults }
  }

  #identityOf(record: Record<string, unknown>, { line, cells }: Row): { id: string; isIdGiven: boolean } | LineFault {
    const { kind, names } = this.#options
    const { id, provider, provider_call_id } = record
    const content = (): string =>
      JSON.stringify(this.#telling.flatMap((place) => (isBlank(cells[place]) ? [] : [names[place], cells[place]])))
    if (typeof id === 'string') return this.#saidBefore(id, 'id', line, content()) ?? { id, isIdGiven: true }
    if (typeof provider === 'string' && typeof provider_call_id === 'string') {
      const made = idOfProviderKey(provider.trim(), provider_call_id.trim())
      return this.#saidBefore(made, 'provider_call_id', line, content()) ?? { id: made, isIdGiven: false }
    }
    const text = content()
    const key = digestOf(text)
    const occurrence = (this.#seen.get(key) ?? 0) + 1
    this.#seen.set(key, occurrence)
    return { id: idOfContent(kind, text, occurrence), isIdGiven: true }
  }

  /** Which of two lines of one id is right nobody can tell; where they are the same, it is one. */
  #saidBefore(id: string, field: string, line: number, content: string): LineFault | null {
    const key = digestOf(id)
    const before = this.#seen.get(key)
    if (before === undefined) this.#seen.set(key, (line % LINES) * CONTENTS + contentOf(content))
    else if (before % CONTENTS !== contentOf(content)) {
      const where = Math.floor(before / CONTENTS)
      return this.faultAt(field, `is also that of line ${where}, which says something else`)
    }
    return null
  }
}

/** Of a line with an id its number and what it says are one number, since millions of them are kept. */
const CONTENTS = 2 ** 20
const LINES = 2 ** 32

const contentOf = (content: string): number => {
  const digest = digestOf(content)
  return ((digest.charCodeAt(0) << 12) | (digest.charCodeAt(1) << 4) | (digest.charCodeAt(2) >> 4)) % CONTENTS
}

const isBlank = (cell: unknown): boolean =>
  cell === null || cell === undefined || (typeof cell === 'string' && cell.trim() === '')

/** What several columns say together; of one column its cell as it is. */
function joined(cells: readonly unknown[]): unknown {
  return cells.length === 1 ? cells[0] : cells.map((cell) => withoutFormula(String(cell)).trim()).join(' ')
}

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
