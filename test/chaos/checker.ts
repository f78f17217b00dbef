import { violationsOfAnswers } from './check-answers.ts'
import { violationsOfCalls } from './check-calls.ts'
import { violationsOfOpportunities } from './check-opportunities.ts'
import { violationsOfRecords } from './check-records.ts'
import type { Final } from './final.ts'
import type { Exchange } from './recorder.ts'
import { witnessOf } from './witness.ts'

/**
 * What is wrong after a run, a sentence each, with the rule that forbids it. It knows the rules, what was asked and
 * answered, and what the API answers in the end; of how the service works it knows nothing. Where nobody can know
 * whether a request took effect, both are right.
 */
export function violationsOf(exchanges: readonly Exchange[], final: Final): string[] {
  const witness = witnessOf(exchanges, final)
  return [
    ...violationsOfAnswers(witness),
    ...violationsOfRecords(witness),
    ...violationsOfCalls(witness),
    ...violationsOfOpportunities(witness),
  ]
}
