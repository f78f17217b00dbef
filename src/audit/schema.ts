import { z } from 'zod'
import { formatInstant } from '../attempts/attempt.ts'
import { instant, limit, listOf, text, time, uuid } from '../http/schemas.ts'
import { parseInstant } from '../time.ts'
import { KINDS } from './entry.ts'
import type { AuditPosition } from './store.ts'

const position = z.tuple([z.string(), z.number().int().positive()])

/** Writes a place in the audit as a text that a client gives back unread. */
export function writeAuditCursor({ at, id }: AuditPosition): string {
  return Buffer.from(JSON.stringify([formatInstant(at), id])).toString('base64url')
}

/** Null where the text is not one that {@link writeAuditCursor} wrote. */
function readAuditCursor(given: string): AuditPosition | null {
  try {
    const { data } = position.safeParse(JSON.parse(Buffer.from(given, 'base64url').toString('utf8')))
    const at = data === undefined ? null : parseInstant(data[0])
    return data === undefined || at === null ? null : { at, id: data[1] }
  } catch {
    return null
  }
}

const auditCursor = z
  .string()
  .max(200)
  .transform((given, context): AuditPosition => {
    const read = readAuditCursor(given)
    if (read !== null) return read
    context.addIssue({ code: 'custom', message: 'is not a next_cursor of this list' })
    return z.NEVER
  })

/** How much of a history is asked for. */
export const historyQuery = z.strictObject({ limit, cursor: auditCursor.optional() })

export const auditQuery = z
  .strictObject({
    entity_id: uuid.optional(),
    kind: z.enum(KINDS).optional(),
    who: text(200).optional(),
    action: text(100).optional(),
    from: instant.optional(),
    to: instant.optional(),
    limit,
    cursor: auditCursor.optional(),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, {
    path: ['to'],
    message: 'is not after from',
  })

const fields = z.record(z.string(), z.unknown()).nullable()

const entry = z.object({
  id: z.number().int(),
  at: time,
  who: z.string(),
  request_id: z.string().nullable(),
  action: z.string(),
  kind: z.enum(KINDS),
  entity_id: z.string(),
  before: fields,
  after: fields,
  withheld: z.array(z.string()),
})

const auditEntryResponse = entry.meta({ id: 'AuditEntry' })

/** With the attempts that got another number. */
export const opportunityHistoryResponse = entry
  .extend({
    renumbered: z.array(
      z.object({ call_id: z.string(), from: z.number().int().nullable(), to: z.number().int().nullable() }),
    ),
  })
  .meta({ id: 'OpportunityHistoryEntry' })

export const auditPage = listOf(auditEntryResponse)
