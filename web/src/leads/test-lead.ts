import type { Lead } from './lead.ts'

/** For tests: a lead of which nothing is known but what is given. */
export const leadOf = (fields: Partial<Lead> & { id: string }): Lead => ({
  contact_id: `contact of ${fields.id}`,
  title: null,
  status: 'pending',
  assigned_to: null,
  source: null,
  first_call_attempts: {},
  first_call_completed: false,
  first_call_successful_attempt: null,
  last_contact_attempt_at: null,
  revision: 1,
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
  contact: null,
  ...fields,
})
