import type { CallChanges, CallFields, Source } from './call.ts'

/** What a machine tells of one call of a provider (B12). */
export interface CallReport {
  provider: string
  provider_call_id: string
  /** Whose word it is: among machines the higher one wins (B10). */
  machine: Exclude<Source, 'person'>
  fields: CallChanges & Pick<CallFields, 'direction'>
  /** The provider's names of recordings of this call. */
  recordingIds: readonly string[]
}
