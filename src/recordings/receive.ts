import { faultOf } from '../zadarma/exchange.ts'
import { RecordingError } from './error.ts'

export interface DownloadLimits {
  maximumBytes: number
  /** Without a connection, an answer or more of it. */
  stallMs: number
  longestMs: number
}

/**
 * The bytes behind a link, as they come.
 *
 * @throws RecordingError where they cannot be had, are too many, or lie elsewhere; the signal's reason, where that comes
 * first
 */
export async function* receive(link: URL, limits: DownloadLimits, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { maximumBytes, stallMs, longestMs } = limits
  signal.throwIfAborted()
  const trying = new AbortController()
  const abort = (): void => trying.abort()
  const stalled = setTimeout(abort, stallMs)
  const overdue = setTimeout(abort, longestMs)
  signal.addEventListener('abort', abort)
  try {
    const response = await fetch(link, {
      headers: { accept: 'audio/*', 'accept-encoding': 'identity', 'user-agent': 'First Call' },
      redirect: 'manual',
      signal: trying.signal,
    })
    await refuseUnlessAudio(response, link, maximumBytes)
    let size = 0
    for await (const chunk of response.body ?? []) {
      stalled.refresh()
      size += chunk.byteLength
      // Leaving the loop ends the answer.
      if (size > maximumBytes) throw tooLarge(maximumBytes)
      yield chunk
    }
  } catch (error) {
    if (error instanceof RecordingError) throw error
    signal.throwIfAborted()
    const why = trying.signal.aborted
      ? `sends nothing for ${stallMs / 1_000} s, or takes longer than ${longestMs / 1_000} s`
      : faultOf(error)
    throw new RecordingError(`${link.host} ${why}.`, { cause: error })
  } finally {
    clearTimeout(stalled)
    clearTimeout(overdue)
    signal.removeEventListener('abort', abort)
  }
}

async function refuseUnlessAudio(response: Response, { host }: URL, maximumBytes: number): Promise<void> {
  const fault = faultOfAnswer(response, host, maximumBytes)
  if (fault === null) return
  await response.body?.cancel()
  throw fault
}

function faultOfAnswer({ status, headers }: Response, host: string, maximumBytes: number): RecordingError | null {
  if (status >= 300 && status < 400) {
    return new RecordingError(`${host} answers with a redirect (HTTP ${status}), which is not followed.`)
  }
  if (status !== 200) return new RecordingError(`${host} answers with HTTP ${status}.`)
  return Number(headers.get('content-length') ?? 0) > maximumBytes ? tooLarge(maximumBytes) : null
}

function tooLarge(maximumBytes: number): RecordingError {
  const limit = maximumBytes / (1024 * 1024)
  return new RecordingError(`The recording is larger than ${limit} MB. RECORDING_MAX_MB can be set higher.`)
}
