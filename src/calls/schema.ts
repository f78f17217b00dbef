import type { CountryCode } from 'libphonenumber-js'
import { z } from 'zod'
import { readPhone } from '../contacts/phone.ts'
import { cursor, instant, limit, text, textOrNone, time, uuid, word } from '../http/schemas.ts'

const OUTCOMES = [
  'not_outbound',
  'not_a_contact',
  'unknown_contact',
  'registered',
  'limit_reached',
  'first_call_completed',
  'no_open_opportunity',
  'pending',
] as const

/** The schemas of a call at the edge; numbers are read with the default country. */
export function callSchemas(country: CountryCode) {
  const phoneNumber = textOrNone(60).transform((value) =>
    value === null ? null : (readPhone(value, country) ?? value),
  )
  const fields = {
    entity_type: textOrNone(40)
      .transform((value) => value?.trim().toLowerCase() ?? null)
      // Folding makes some letters longer: İ becomes two characters.
      .refine((value) => value === null || [...value].length <= 40, 'has more than 40 characters in lower case')
      .optional(),
    entity_id: uuid.nullable().optional(),
    call_status: textOrNone(40).optional(),
    call_result: text(20_000).nullable().optional(),
    resumen_llamada: text(20_000).nullable().optional(),
    phone_number: phoneNumber.optional(),
    extension: textOrNone(40).optional(),
    started_at: instant.nullable().optional(),
    answered_at: instant.nullable().optional(),
    ended_at: instant.nullable().optional(),
    duration_seconds: z.number().int().min(0).max(2_147_483_647).nullable().optional(),
  }
  const direction = z.enum(['inbound', 'outbound', 'internal'])
  const provider = word(100).nullable().optional()
  const newCall = z
    .strictObject({
      id: uuid.optional(),
      direction,
      ...fields,
      provider,
      provider_call_id: provider,
      created_at: instant.optional(),
      dial_request_id: uuid.optional().meta({
        description:
          'The call is the one that was asked for with this request, and the PBX has not told of it yet. When it does, ' +
          'it is this call.',
      }),
    })
    .refine((call) => call.dial_request_id === undefined || call.provider == null, {
      path: ['dial_request_id'],
      message: 'is for a call that the provider has not told of, and so has no key yet',
      when: ({ value }) => typeof value === 'object' && value !== null,
    })
    .refine((call) => (call.provider == null) === (call.provider_call_id == null), {
      path: ['provider_call_id'],
      message: 'provider and provider_call_id come together or not at all',
      // Also where other fields are at fault, so that all faults are told at once.
      when: ({ value }) => typeof value === 'object' && value !== null,
    })
    .meta({ title: 'NewCall' })
  return {
    newCall,
    changes: z
      .strictObject({ direction: direction.optional(), ...fields, provider, provider_call_id: provider })
      .meta({ title: 'CallChanges' }),
    // Each call is read by itself: one bad call harms no other.
    batch: z
      .strictObject({
        calls: z
          .array(z.unknown().meta({ $ref: '#/components/schemas/NewCall' }))
          .min(1)
          .max(1_000),
      })
      .meta({ title: 'CallBatch' }),
    query: z.strictObject({
      entity_id: uuid.optional(),
      direction: direction.optional(),
      call_status: text(40).optional(),
      outcome: z.enum(OUTCOMES).optional(),
      opportunity_id: uuid.optional(),
      provider: text(100).optional(),
      phone_number: word(60)
        .transform((value) => readPhone(value, country) ?? value)
        .optional(),
      started_from: instant.optional(),
      started_to: instant.optional(),
      limit,
      cursor: cursor.optional(),
    }),
  }
}

const nullableTime = time.nullable()

/** A call as it is answered. */
export const callResponse = z
  .object({
    id: z.string(),
    entity_type: z.string().nullable(),
    entity_id: z.string().nullable(),
    direction: z.enum(['inbound', 'outbound', 'internal']),
    call_status: z.string().nullable(),
    call_result: z.string().nullable(),
    resumen_llamada: z.string().nullable(),
    phone_number: z.string().nullable(),
    extension: z.string().nullable(),
    started_at: nullableTime,
    answered_at: nullableTime,
    ended_at: nullableTime,
    duration_seconds: z.number().int().nullable(),
    provider: z.string().nullable(),
    provider_call_id: z.string().nullable(),
    attempt: z.object({
      outcome: z.enum(OUTCOMES),
      opportunity_id: z.string().nullable(),
      number: z.number().int().nullable(),
      status: z.enum(['green', 'orange', 'red']).nullable(),
    }),
    link: z.object({ how: z.string(), candidates: z.array(z.string()).readonly() }).nullable(),
    recordings: z.array(
      z.object({
        id: z.string(),
        status: z.enum(['expected', 'available', 'missing']),
        content_type: z.string().nullable(),
        size_bytes: z.number().int().nullable(),
        url: z.string().nullable(),
      }),
    ),
    revision: z.number().int(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'Call' })
