import {
  type FirstCallAttempt,
  firstCallAttempts,
  formatInstant,
  isCompleted,
  lastContactAttemptAt,
  successfulAttempt,
} from '../attempts/attempt.ts'
import type { Opportunity } from './opportunity.ts'

/** An opportunity as the API shows it. */
export interface OpportunityBody {
  id: string
  contact_id: string
  title: string | null
  status: string
  assigned_to: string | null
  source: string | null
  first_call_attempts: Record<string, FirstCallAttempt>
  first_call_completed: boolean
  first_call_successful_attempt: number | null
  last_contact_attempt_at: string | null
  revision: number
  created_at: string
  updated_at: string
}

/** The opportunity with what follows from its attempts (B1). */
export function opportunityBody(opportunity: Opportunity): OpportunityBody {
  const lastAttemptAt = lastContactAttemptAt(opportunity)
  return {
    id: opportunity.id,
    contact_id: opportunity.contact_id,
    title: opportunity.title,
    status: opportunity.status,
    assigned_to: opportunity.assigned_to,
    source: opportunity.source,
    first_call_attempts: firstCallAttempts(opportunity),
    first_call_completed: isCompleted(opportunity),
    first_call_successful_attempt: successfulAttempt(opportunity),
    last_contact_attempt_at: lastAttemptAt === null ? null : formatInstant(lastAttemptAt),
    revision: opportunity.revision,
    created_at: formatInstant(opportunity.created_at),
    updated_at: formatInstant(opportunity.updated_at),
  }
}
