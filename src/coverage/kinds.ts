/** How a call and an attempt can contradict each other. */
export const KINDS = [
  'attempt_without_call',
  'attempt_of_deleted_call',
  'attempt_of_ineligible_call',
  'attempt_of_other_contact',
  'attempt_of_unregistered_call',
  'attempt_differs',
  'second_attempt',
  'registered_without_attempt',
  'wrong_outcome',
  'derived_fields_differ',
  'foreign_without_attempt',
] as const

export type Kind = (typeof KINDS)[number]

/** What a contradiction is about, as far as its kind has it. */
export interface Facts {
  /** The attempt's number. */
  number: string | null
  /** What the call is marked as. */
  outcome: string | null
  /** Which fields differ. */
  fields: readonly string[] | null
}

/** The contradiction in a sentence. */
export function detailOf(kind: Kind, { number, outcome, fields }: Facts): string {
  const attempt = `Attempt ${number}`
  switch (kind) {
    case 'attempt_without_call':
      return `${attempt} is that of no call, and not known to come from an older system.`
    case 'attempt_of_deleted_call':
      return `${attempt} is that of a call that was deleted.`
    case 'attempt_of_ineligible_call':
      return `${attempt} is that of a call that is not an outbound call to a contact.`
    case 'attempt_of_other_contact':
      return `${attempt} is that of a call to another contact.`
    case 'attempt_of_unregistered_call':
      return `${attempt} is that of a call that is marked ${outcome}.`
    case 'attempt_differs':
      return `${attempt} does not say what its call says: ${fields?.join(', ')}.`
    case 'second_attempt':
      return `${attempt} is that of a call that is registered at another opportunity.`
    case 'registered_without_attempt':
      return 'The call is marked registered, but its opportunity has no attempt of it.'
    case 'wrong_outcome':
      return `The call is marked ${outcome}, which does not fit its direction and its contact.`
    case 'derived_fields_differ':
      return `The opportunity does not say what follows from its attempts: ${fields?.join(', ')}.`
    case 'foreign_without_attempt':
      return 'The opportunity is said to have an attempt of an older system that it does not have.'
    default:
      return kind satisfies never
  }
}
