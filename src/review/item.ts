/** What a machine could not decide, as it is found. */
export interface Doubt {
  kind: 'doubtful_link' | 'contradiction' | 'same_call'
  /** The same doubt is told once. */
  naturalKey: string
  callId: string
  /** A sentence for the person who decides. */
  reason: string
  candidates: readonly Readonly<Record<string, string | number | null>>[]
}
