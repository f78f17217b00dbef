import type { Database } from '../database/database.ts'
import { removeFiles } from '../database/embedded-files.ts'
import type { Metrics } from '../metrics.ts'
import type { ZadarmaApi } from '../zadarma/api.ts'
import { RecordingError } from './error.ts'
import { keepAudio } from './keep.ts'
import { type AllowedHosts, isAllowed, recordingIdOf } from './link.ts'
import { type DownloadLimits, receive } from './receive.ts'
import { type ClaimedRecording, claimRecordings, nameRecording, noteAudio, noteRecordingFault } from './store.ts'

export interface RecordingOptions {
  database: Database
  api: Pick<ZadarmaApi, 'recordLinks'>
  from: AllowedHosts
  /** The folder of recordings, absolute. */
  folder: string
  maximumBytes: number
  limits?: Partial<Omit<DownloadLimits, 'maximumBytes'>>
  metrics: Metrics
  log: { warn: (fields: object, message: string) => void }
}

const LIMITS = { stallMs: 30_000, longestMs: 30 * 60_000 }

/** So many are fetched at the same time. */
const CLAIM_SIZE = 4

/** A link is followed at once, and never stored. */
const LINK_LIFETIME_SECONDS = 600

/** Fetches recordings that are due. Gives how many were tried. */
export async function fetchDueRecordings(options: RecordingOptions, signal: AbortSignal): Promise<number> {
  const claimed = await claimRecordings(options.database, CLAIM_SIZE)
  await Promise.all(claimed.map((recording) => fetchOrNote(recording, options, signal)))
  return claimed.length
}

async function fetchOrNote(recording: ClaimedRecording, options: RecordingOptions, signal: AbortSignal) {
  const { database, metrics, log } = options
  const noted = async (fault: string): Promise<void> => {
    if (!(await noteRecordingFault(database, recording.id, fault))) return
    metrics.recordings.inc({ status: 'missing' })
    log.warn({ recordingId: recording.id, callId: recording.call_id, reason: fault }, 'a recording is given up')
  }
  try {
    const link = await findLink(recording, options, signal)
    if (link === null) return await noted(NOT_THERE)
    await fetchAudio(link, recording, options, signal)
    metrics.recordings.inc({ status: 'fetched' })
  } catch (error) {
    // The claim has said already when it is tried again.
    if (signal.aborted) return
    metrics.recordings.inc({ status: 'failed' })
    log.warn({ err: error, recordingId: recording.id, tries: recording.tries }, 'a recording could not be fetched yet')
    await noted(error instanceof Error ? error.message : String(error))
  }
}

const NOT_THERE = 'Zadarma does not have the recording, or not yet.'

/** Where the recording can be had; null where it is not there, or not yet. */
async function findLink(
  recording: ClaimedRecording,
  { database, api }: RecordingOptions,
  signal: AbortSignal,
): Promise<string | null> {
  const { provider_recording_id: name, provider_call_id } = recording
  const asked = name === null ? { pbx_call_id: provider_call_id } : { call_id: name }
  const links = await api.recordLinks(asked, LINK_LIFETIME_SECONDS, { signal })
  const linkByName = new Map(links.map((link) => [recordingIdOf(link), link]))
  const names = [...linkByName.keys()].filter((found) => found !== null)
  // The one that was asked for by its name needs no other, nor does the only one that tells none.
  if (name !== null || names.length === 0) return links[0] ?? null
  const given = await nameRecording(database, recording, names)
  if (given === null) throw new RecordingError('Zadarma names only recordings that are known already.')
  return linkByName.get(given) ?? null
}

async function fetchAudio(
  given: string,
  { id, created_at: createdAt, tries }: ClaimedRecording,
  { database, from, folder, maximumBytes, limits }: RecordingOptions,
  signal: AbortSignal,
): Promise<void> {
  const link = URL.canParse(given) ? new URL(given) : null
  if (link === null) throw new RecordingError('Zadarma gives a link that is no address.')
  if (!isAllowed(link, from)) {
    throw new RecordingError(
      `Zadarma gives a link to ${link.protocol}//${link.host}, from which nothing is fetched. ZADARMA_RECORDING_HOSTS can name it.`,
    )
  }
  const chunks = receive(link, { ...LIMITS, ...limits, maximumBytes }, signal)
  const audio = await keepAudio(chunks, { folder, id, createdAt, tries })
  if (!(await noteAudio(database, id, audio))) await removeFiles(folder, [audio.fileName])
}
