import { TransferError } from './error.ts'
import { DERIVED, FIELDS, foldName, type Kind } from './fields.ts'

/** What the lines that were not taken carry besides: they are not read when they come again. */
export const REJECTED_LINE = 'rejected_line'
export const REJECTED_BECAUSE = 'rejected_because'

/** `--map`: which field a column is, by the column's name as it was given; null: it is left out on purpose. */
export type Mapping = ReadonlyMap<string, string | null>

export interface Columns {
  /** Of each column of the file, in its order: the field that it is, or null where it is left out. */
  fields: readonly (string | null)[]
  /** Left out, and nobody has said so. */
  unknown: readonly string[]
  /** Left out, since First Call keeps them by itself. */
  derived: readonly string[]
}

/**
 * Finds out which field each column is: by `--map`, else by our name for it, else by a usual one.
 *
 * @param names of the file's columns
 * @throws TransferError where that cannot be told, or a field is missing without which no line can be taken
 */
export function columnsFor(kind: Kind, names: readonly string[], mapping: Mapping): Columns {
  const known = FIELDS[kind]
  const mapped = mappedNames(kind, names, mapping)
  const folded = names.map(foldName)
  const isGiven = (field: string): boolean => folded.includes(field) || [...mapped.values()].includes(field)
  const unknown: string[] = []
  const derived: string[] = []
  const fields = names.map((name, place) => {
    const chosen = mapped.get(name)
    if (chosen !== undefined) return chosen
    const own = folded[place] ?? ''
    if (Object.hasOwn(known, own)) return own
    if (own === REJECTED_LINE || own === REJECTED_BECAUSE) return null
    if (DERIVED[kind].includes(own)) {
      derived.push(name)
      return null
    }
    const [usual] =
      Object.entries(known).find(([field, { synonyms }]) => synonyms.includes(own) && !isGiven(field)) ?? []
    if (usual === undefined) unknown.push(name)
    return usual ?? null
  })
  refuseDoubles(kind, names, fields)
  const missing = Object.entries(known).filter(
    ([field, { isRequired }]) => isRequired === true && !fields.includes(field),
  )
  if (missing.length > 0) {
    const which = missing.map(([field]) => field).join(', ')
    throw new TransferError(
      `The file has no column for ${which}. Its columns are ${quoted(names)}; --map "<column>=${missing[0]?.[0]}" says which it is.`,
    )
  }
  return { fields, unknown, derived }
}

function mappedNames(kind: Kind, names: readonly string[], mapping: Mapping): Map<string, string | null> {
  const found = new Map<string, string | null>()
  for (const [source, field] of mapping) {
    const name = names.find((one) => one === source) ?? names.find((one) => foldName(one) === foldName(source))
    if (name === undefined) {
      throw new TransferError(`--map: the file has no column "${source}". Its columns are ${quoted(names)}.`)
    }
    if (field !== null && !Object.hasOwn(FIELDS[kind], field)) {
      throw new TransferError(
        `--map: ${kind} have no field "${field}". They have ${Object.keys(FIELDS[kind]).join(', ')}.`,
      )
    }
    found.set(name, field)
  }
  return found
}

function refuseDoubles(kind: Kind, names: readonly string[], fields: readonly (string | null)[]): void {
  for (const field of new Set(fields)) {
    if (field === null || FIELDS[kind][field]?.isJoined === true) continue
    const same = names.filter((_, place) => fields[place] === field)
    if (same.length > 1) {
      throw new TransferError(
        `${quoted(same)} would all be ${field}. --map "${same[0]}=${field}" says which it is, or --map "${same[1]}=" which is left out.`,
      )
    }
  }
}

const MOST_NAMED = 50

const quoted = (names: readonly string[]): string => {
  const rest = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : ''
  return `${names
    .slice(0, MOST_NAMED)
    .map((name) => `"${name.slice(0, 100)}"`)
    .join(', ')}${rest}`
}
