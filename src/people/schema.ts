import { z } from 'zod'
import { formatInstant } from '../attempts/attempt.ts'
import { ROLES } from '../auth/access.ts'
import { cursor, limit, text, time, word } from '../http/schemas.ts'
import type { Delivery } from './deliver.ts'
import { LONGEST } from './password.ts'
import type { User } from './user.ts'

/** An e-mail address, in lower case. */
export const email = z
  .email('is not an e-mail address')
  .max(254)
  .transform((address) => address.toLowerCase())

/** On one line, as it also stands in e-mails. */
export const personName = word(200).refine(
  (name) => !/\p{Cc}/u.test(name),
  'has a line break or another control character',
)

export const role = z.enum(ROLES)

/** A password that somebody knows already, or may: it is compared, and kept nowhere. */
export const givenPassword = text(LONGEST).min(1)

export const newUser = z.strictObject({ email, name: personName, role }).meta({ title: 'NewUser' })
export const userChange = z
  .strictObject({ role: role.optional(), disabled: z.boolean().optional() })
  .meta({ title: 'UserChange' })
export const resetOptions = z
  .strictObject({ two_factor: z.boolean().default(false).meta({ description: 'Also takes away the second factor.' }) })
  .meta({ title: 'UserReset' })
export const usersQuery = z.strictObject({ limit, cursor: cursor.optional() })

const userFields = {
  id: z.string().meta({ format: 'uuid' }),
  name: z.string(),
  email: z.string(),
  role,
  disabled: z.boolean(),
  invited: z.boolean().meta({ description: 'Has set no password yet.' }),
  two_factor: z.boolean(),
  created_at: time,
  updated_at: time,
}

export const userResponse = z.object(userFields)

export const linkResponse = z.object({
  kind: z.enum(['invitation', 'reset']),
  expires_at: time,
  url: z
    .string()
    .nullable()
    .meta({ description: 'For its person, and shown this once; null where it was mailed to them.' }),
  fault: z.string().nullable().meta({ description: 'Why it was not mailed, though it should have been.' }),
})

export const invitedResponse = z.object({ ...userFields, link: linkResponse })

/** A person as the API shows them. */
export const userBody = ({ isDisabled, hasPassword, hasTwoFactor, createdAt, updatedAt, ...user }: User) => ({
  ...user,
  disabled: isDisabled,
  invited: !hasPassword,
  two_factor: hasTwoFactor,
  created_at: formatInstant(createdAt),
  updated_at: formatInstant(updatedAt),
})

/** A link as the API shows it. */
export const linkBody = ({ kind, expiresAt, address, fault }: Delivery) => ({
  kind,
  expires_at: formatInstant(expiresAt),
  url: address,
  fault,
})
