import type { Chore } from '../chores.ts'
import { fetchDueRecordings, type RecordingOptions } from './fetch.ts'

const EVERY_MS = 5_000

/** Fetches the recordings that are due. */
export function recordingChore(options: RecordingOptions): Chore {
  return {
    name: 'fetching of recordings',
    everyMs: EVERY_MS,
    work: async (signal) => (await fetchDueRecordings(options, signal)) > 0,
  }
}
