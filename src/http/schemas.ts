import { z } from 'zod'
import { personNamed } from '../people/user.ts'
import { type Instant, parseInstant } from '../time.ts'
import { type Position, readCursor } from './cursor.ts'

const hasNul = (text: string): boolean => text.includes('\u0000')
const codePoints = (text: string): number => [...text].length

/** What PostgreSQL cannot store, or what would be stored as something else. */
function isStorable(text: string, context: z.RefinementCtx): void {
  if (hasNul(text)) context.addIssue({ code: 'custom', message: 'contains the character NUL, which cannot be stored' })
  if (!text.isWellFormed()) {
    context.addIssue({ code: 'custom', message: 'contains half of a surrogate pair; send whole Unicode characters' })
  }
}

/** Text of at most so many characters. */
export const text = (maximum: number) =>
  z
    .string()
    .superRefine((value, context) => {
      isStorable(value, context)
      if (value.length > maximum && codePoints(value) > maximum) {
        context.addIssue({ code: 'custom', message: `has ${codePoints(value)} characters; ${maximum} is the most` })
      }
    })
    .meta({ maxLength: maximum })

/** Text that says something, without blanks around it. */
export const word = (maximum: number) =>
  text(maximum)
    .transform((value) => value.trim())
    .refine((value) => value !== '', 'is empty')
    .meta({ minLength: 1, maxLength: maximum })

/** Text where a blank one counts as none. */
export const textOrNone = (maximum: number) =>
  text(maximum)
    .nullable()
    .transform((value) => (value === null || value.trim() === '' ? null : value))

/** A UUID in any letter case, kept in lower case. */
export const uuid = z
  .guid('is not a UUID')
  .transform((id) => id.toLowerCase())
  .meta({ format: 'uuid' })

/** Several UUIDs in one value of a query, with commas between them. */
export const uuids = (most: number) =>
  z
    .string()
    .transform((value, context): readonly string[] => {
      const ids = value.split(',')
      if (ids.length <= most && ids.every((id) => uuid.safeParse(id).success)) return ids.map((id) => id.toLowerCase())
      context.addIssue({ code: 'custom', message: `is not up to ${most} UUIDs with commas between them` })
      return z.NEVER
    })
    .meta({ type: 'string', description: `UUIDs with commas between them, ${most} at most.` })

/** Who is meant, in another system's words or by the id of a person, which is kept in lower case as all ids are. */
export const person = text(200).transform(personNamed).meta({ maxLength: 200 })

const instantIn = (zone: 'required' | 'utc') =>
  z.string().transform((value, context): Instant => {
    const moment = parseInstant(value, zone)
    if (moment !== null) return moment
    context.addIssue({
      code: 'custom',
      message: 'is not a time such as 2025-01-29T10:00:00Z or 2025-01-29T11:00:00+01:00 in the years 1 to 9999',
    })
    return z.NEVER
  })

/** RFC 3339 with an offset, as {@link Instant}. */
export const instant = instantIn('required').meta({ format: 'date-time' })

/** The same, where a time without an offset is in UTC (B7). */
export const instantOrUtc = instantIn('utc').meta({
  description: 'As RFC 3339 has it; without an offset (2025-01-29T10:00:00) it is in UTC.',
})

/** A whole number in a query. A blank one is none, and not 0; nor is 0x10 or 1e2 what a person would write. */
export const wholeNumber = (minimum: number, maximum: number) => {
  const message = `is not a whole number from ${minimum} to ${maximum}`
  return z.preprocess(
    (value) => (typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : Number.NaN),
    z.number(message).int(message).min(minimum, message).max(maximum, message),
  )
}

/** How many rows of a list are asked for. */
export const limit = wholeNumber(1, 200).default(50).meta({ type: 'integer', minimum: 1, maximum: 200 })

/** For addresses that take no query: a name that nobody reads is refused, and not lost in silence. */
export const noQuery = z.strictObject({})

/** Where a list goes on. It is read here, so that a bad one is told together with every other fault. */
export const cursor = z
  .string()
  .max(1_000)
  .transform((value, context): Position => {
    const position = readCursor(value)
    if (position !== null) return position
    context.addIssue({ code: 'custom', message: 'is not a next_cursor of this list' })
    return z.NEVER
  })

/** The answer to every request that is refused (RFC 9457). */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' })

/** A page of a list. */
export const listOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ data: z.array(item), next_cursor: z.string().nullable() })

/** An answer's time. */
export const time = z.string().meta({ format: 'date-time' })
