import type { CallBody } from '../../src/calls/body.ts'
import { FIELDS, possibleValues, type ToldCall } from './history.ts'
import { isAcknowledged } from './recorder.ts'
import type { Witness } from './witness.ts'

/** The database's clock and ours are one machine's; a request takes a while to be sent and read. */
const CLOCK_TOLERANCE_MS = 1_500

/** Whether every call that was told of is there once, as it was last told. */
export function violationsOfRecords({ calls, opportunities, told, opportunitiesById }: Witness): string[] {
  const wrongs: string[] = []
  const records = new Map<string, CallBody[]>()
  for (const call of calls) records.set(call.extension ?? '', [...(records.get(call.extension ?? '') ?? []), call])
  for (const [name, found] of records) {
    const call = told.calls.get(name)
    if (call === undefined) wrongs.push(`the call ${name} is there, and nobody told of it`)
    else if (found.length > 1) wrongs.push(`B12: the call ${name} is there ${found.length} times`)
    else for (const record of found) wrongs.push(...wrongsOfRecord(call, record))
  }
  for (const call of told.calls.values()) {
    const { name, creations, deletions } = call
    const isThere = records.has(name)
    const wasAcknowledged = creations.some(isAcknowledged)
    if (!isThere && wasAcknowledged && deletions.length === 0) wrongs.push(`the acknowledged call ${name} is lost`)
    if (isThere && deletions.some(isAcknowledged)) wrongs.push(`B5: the deleted call ${name} is there`)
  }
  for (const { id, thereSince } of told.opportunities.values()) {
    if (thereSince < Infinity && !opportunitiesById.has(id)) wrongs.push(`the acknowledged opportunity ${id} is lost`)
  }
  for (const { id } of opportunities)
    if (!told.opportunities.has(id)) wrongs.push(`nobody told of the opportunity ${id}`)
  return wrongs
}

function wrongsOfRecord({ name, creations, writes, shown }: ToldCall, record: CallBody): string[] {
  const wrongs: string[] = []
  for (const field of FIELDS) {
    const value = comparable(field, record[field])
    const possible = possibleValues(writes, field).map((told) => comparable(field, told))
    if (!possible.includes(value))
      wrongs.push(
        `${field} of the call ${name} is ${value}, and was last told as ${[...new Set(possible)].join(' or ')}`,
      )
  }
  for (const { answer } of shown) {
    const revision = Number(answer?.revision)
    if (revision > record.revision)
      wrongs.push(`B14: the call ${name} was shown with revision ${revision}, and has ${record.revision}`)
    const changed = FIELDS.filter((field) => answer?.[field] !== record[field])
    if (revision === record.revision && changed.length > 0)
      wrongs.push(`B14: the call ${name} changed ${changed.join(', ')} without a new revision`)
  }
  const [first] = creations
  const madeAt = Date.parse(record.created_at)
  const answeredAt = creations.find(isAcknowledged)?.answeredAt ?? Infinity
  const isOurs = first?.body.created_at === undefined
  if (isOurs && first !== undefined && !isBetween(madeAt, first.sentAt, answeredAt))
    wrongs.push(`B4: the call ${name} was not made at ${record.created_at} by the database's clock`)
  return wrongs
}

const isBetween = (moment: number, from: number, to: number): boolean =>
  moment > from - CLOCK_TOLERANCE_MS && moment < to + CLOCK_TOLERANCE_MS

function comparable(field: string, value: unknown): unknown {
  if (typeof value !== 'string') return value ?? null
  if (field === 'started_at') return Date.parse(value)
  return field === 'entity_id' || field === 'entity_type' ? value.toLowerCase() : value
}
