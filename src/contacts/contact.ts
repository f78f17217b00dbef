import type { CountryCode } from 'libphonenumber-js'
import { z } from 'zod'
import { cursor, instant, limit, text, time, uuid, word } from '../http/schemas.ts'
import type { Instant } from '../time.ts'
import { readPhone } from './phone.ts'

/** A person that can be called. */
export interface Contact {
  id: string
  name: string
  /** In E.164. */
  phones: string[]
  email: string | null
  /** IANA name. */
  timezone: string | null
  opt_out: boolean
  revision: number
  created_at: Instant
  updated_at: Instant
}

export type ContactChanges = Partial<Pick<Contact, 'name' | 'phones' | 'email' | 'timezone' | 'opt_out'>>

/** A contact as the API shows it. */
export type ContactBody = Omit<Contact, 'created_at' | 'updated_at'> & { created_at: string; updated_at: string }

function isTimezone(name: string): boolean {
  try {
    // Offsets such as +01:00, which newer engines take too, are no zones.
    return /^[A-Za-z]/.test(name) && new Intl.DateTimeFormat('en', { timeZone: name }) !== null
  } catch {
    return false
  }
}

const MAXIMUM_PHONES = 20
const LOOKED_AT = 100
const TOO_MANY_PHONES = `has more than ${MAXIMUM_PHONES} numbers`

/** The schemas of a contact at the edge; numbers are read with the default country. */
export function contactSchemas(country: CountryCode) {
  const phone = text(60).transform((value, context) => {
    const number = readPhone(value, country)
    if (number !== null) return number
    context.addIssue({ code: 'custom', message: `cannot be a telephone number (read with the country ${country})` })
    return z.NEVER
  })
  const fields = {
    name: word(200),
    phones: z
      .array(phone)
      // So many are not looked at one by one.
      .max(LOOKED_AT, TOO_MANY_PHONES)
      .refine((phones) => phones.length <= MAXIMUM_PHONES, {
        message: TOO_MANY_PHONES,
        // Also where a number is at fault, so that all faults are told at once.
        when: ({ value }) => Array.isArray(value) && value.length <= LOOKED_AT,
      })
      .meta({ maxItems: MAXIMUM_PHONES })
      .transform((phones) => [...new Set(phones)]),
    email: text(254)
      .refine((email) => z.regexes.unicodeEmail.test(email), 'is not an e-mail address')
      .meta({ format: 'email', maxLength: 254 })
      .nullable(),
    timezone: text(100).refine(isTimezone, 'is not an IANA time zone such as Europe/Madrid').nullable(),
    opt_out: z.boolean(),
  }
  return {
    newContact: z
      .strictObject({
        id: uuid.optional(),
        name: fields.name,
        phones: fields.phones.default([]),
        email: fields.email.default(null),
        timezone: fields.timezone.default(null),
        opt_out: fields.opt_out.default(false),
        created_at: instant.optional(),
      })
      .meta({ title: 'NewContact' }),
    changes: z
      .strictObject({
        name: fields.name.optional(),
        phones: fields.phones.optional(),
        email: fields.email.optional(),
        timezone: fields.timezone.optional(),
        opt_out: fields.opt_out.optional(),
      })
      .meta({ title: 'ContactChanges' }),
    query: z.strictObject({
      q: text(200).optional(),
      phone: phone.optional(),
      limit,
      cursor: cursor.optional(),
    }),
  }
}

/** A contact as it is answered. */
export const contactResponse = z
  .object({
    id: z.string(),
    name: z.string(),
    phones: z.array(z.string()),
    email: z.string().nullable(),
    timezone: z.string().nullable(),
    opt_out: z.boolean(),
    revision: z.number().int(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'Contact' })
