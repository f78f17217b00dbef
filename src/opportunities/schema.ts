import { z } from 'zod'
import { faultsOfSent, type SentAttempts } from '../attempts/attempt.ts'
import { contactResponse } from '../contacts/contact.ts'
import {
  cursor,
  instant,
  instantOrUtc,
  limit,
  person,
  text,
  time,
  uuid,
  uuids,
  wholeNumber,
  word,
} from '../http/schemas.ts'

const KNOWN_STATUSES = new Set(['pending', 'assigned', 'contacted', 'qualified', 'won', 'lost', 'discarded'])

/** A word that we know is known in any letter case; every other one is kept as it is. */
const status = word(40).transform((value) => (KNOWN_STATUSES.has(value.toLowerCase()) ? value.toLowerCase() : value))

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

const colour = z.enum(['green', 'orange', 'red'])

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** An attempt of an older system (B7): a time without a zone is in UTC, no notes are empty ones. */
const olderAttempt = z.strictObject({
  status: colour,
  call_id: text(100)
    .min(1, 'is empty')
    .transform((id) => (UUID.test(id) ? id.toLowerCase() : id)),
  attempted_at: instantOrUtc,
  notes: text(20_000)
    .nullish()
    .transform((notes) => notes ?? ''),
})

/** Of far too many, so many are looked at: their number is a fault already. */
const LOOKED_AT = 50

/** A record loses a key named `__proto__` without a word. */
const olderAttempts = z.preprocess(
  (value, context) => {
    if (!isObject(value) || Array.isArray(value)) return value
    if (Object.hasOwn(value, '__proto__')) {
      context.issues.push({
        code: 'custom',
        input: value,
        path: ['__proto__'],
        message: 'an attempt has a number from "1" to "5"',
      })
    }
    const entries = Object.entries(value)
    return entries.length > LOOKED_AT ? Object.fromEntries(entries.slice(0, LOOKED_AT)) : value
  },
  z.record(z.string().meta({ pattern: '^[1-5]$' }), olderAttempt),
)

const title = text(500).nullable().optional()
const shortText = text(200).nullable().optional()

/** What of a body can be read as attempts; what cannot is told by the schema. */
function sentAttempts(body: object): SentAttempts {
  const attempts = 'first_call_attempts' in body && isObject(body.first_call_attempts) ? body.first_call_attempts : {}
  // __proto__ is told above.
  const read = Object.entries(attempts).filter((entry): entry is [string, object] => {
    return isObject(entry[1]) && entry[0] !== '__proto__'
  })
  return {
    first_call_attempts: Array.isArray(attempts) ? {} : Object.fromEntries(read),
    first_call_completed: 'first_call_completed' in body ? body.first_call_completed : undefined,
  }
}

export const newOpportunity = z
  .strictObject({
    id: uuid.optional(),
    contact_id: uuid,
    title,
    status: status.default('pending'),
    assigned_to: person.nullable().optional(),
    source: shortText,
    created_at: instant.optional(),
    first_call_attempts: olderAttempts.default({}),
    first_call_completed: z.boolean().optional(),
  })
  .superRefine(
    (body, context) => {
      for (const { path, message } of faultsOfSent(sentAttempts(body))) {
        context.addIssue({ code: 'custom', path: path.split('.'), message })
      }
    },
    // Also where other fields are at fault, so that all faults are told at once.
    { when: ({ value }) => isObject(value) },
  )
  .meta({ title: 'NewOpportunity' })

export const opportunityChanges = z
  .strictObject({ title, status: status.optional(), assigned_to: person.nullable().optional(), source: shortText })
  .meta({ title: 'OpportunityChanges' })

/** What else each opportunity is to come with. */
const include = z.enum(['contact']).optional().meta({ description: 'With each opportunity comes its contact.' })

export const oneQuery = z.strictObject({ include })

const filters = {
  contact_id: uuid.optional(),
  status: status.optional(),
  assigned_to: person.optional(),
  assigned: z.enum(['false']).optional().meta({ description: '`false`: assigned to nobody.' }),
  source: text(200).optional(),
  first_call_completed: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .optional(),
  attempts: wholeNumber(0, 5).optional(),
  last_status: colour.optional(),
  q: text(200).optional(),
}

export const countQuery = z.strictObject(filters)

export const opportunityQuery = z.strictObject({
  ...filters,
  ids: uuids(100).optional(),
  include,
  sort: z
    .enum(['created_at', '-created_at', 'last_contact_attempt_at', '-last_contact_attempt_at'])
    .default('-created_at'),
  limit,
  cursor: cursor.optional(),
})

/** An opportunity as it is answered. */
export const opportunityResponse = z
  .object({
    id: z.string(),
    contact_id: z.string(),
    title: z.string().nullable(),
    status: z.string(),
    assigned_to: z.string().nullable(),
    source: z.string().nullable(),
    first_call_attempts: z.record(
      z.string(),
      z.object({ status: colour, call_id: z.string(), attempted_at: time, notes: z.string() }),
    ),
    first_call_completed: z.boolean(),
    first_call_successful_attempt: z.number().int().nullable(),
    last_contact_attempt_at: time.nullable(),
    revision: z.number().int(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'Opportunity' })

const { id, name, phones, email, timezone, opt_out } = contactResponse.shape

/** The same, with its contact where that was asked for; null where we have none (B18). */
export const opportunityWithContact = opportunityResponse
  .extend({ contact: z.object({ id, name, phones, email, timezone, opt_out }).nullable().optional() })
  .meta({ id: 'OpportunityWithContact' })

export const countResponse = z.object({
  count: z.number().int(),
  more: z.boolean().meta({ description: 'There are more than so many.' }),
})
