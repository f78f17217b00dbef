import type { Instant } from '../../src/time.ts'

/** The form of a notification, as it is before it is signed and encoded. */
export type NotificationFields = { event: string } & Record<string, string>

/** One row of the statistics. */
export interface Leg {
  startedAt: Instant
  /** As it is in the answer: a number that is an id may end in zeros, which only its text shows. */
  json: string
}

/** A recording that exists. */
export interface Recording {
  /** `call_id_with_rec`. */
  id: string
  fileName: string
}

/** One call of the PBX, and all that is told of it. */
export interface Scenario {
  kind: 'outgoing' | 'callback' | 'incoming'
  pbx_call_id: string
  /** The far number, in E.164. */
  number: string
  extension: string
  startedAt: Instant
  /** In lower case, as notifications name it. */
  disposition: string
  durationSeconds: number
  /** What notifications and statistics name, whether or not it can be had. */
  recordingIds: string[]
  recordings: Recording[]
  /** In the order in which it happens. */
  notifications: NotificationFields[]
  legs: Leg[]
}
