import { ZadarmaError } from './error.ts'

/** One request as it goes over the wire. */
export interface Exchange {
  url: URL
  method: 'GET' | 'POST' | 'PUT'
  authorization: string
  /** A form, where the parameters do not go with the address. */
  body: string | null
  timeoutMs: number
  maximumBytes: number
  signal: AbortSignal | undefined
}

/** An answer, whatever it says. */
export interface Answer {
  status: number
  headers: Headers
  text: string
}

/**
 * Asks once.
 *
 * @throws ZadarmaError where there is no answer in time (`unreachable`), or one that is too large or leads elsewhere
 * (`bad_answer`); the signal's reason, where that comes first
 */
export async function exchange(request: Exchange): Promise<Answer> {
  const { url, method, authorization, body, timeoutMs, maximumBytes, signal } = request
  signal?.throwIfAborted()
  const trying = new AbortController()
  const abort = (): void => trying.abort()
  const timer = setTimeout(abort, timeoutMs)
  signal?.addEventListener('abort', abort)
  try {
    const response = await fetch(url, {
      method,
      headers: {
        authorization,
        accept: 'application/json',
        'user-agent': 'First Call',
        ...(body === null ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      body,
      // The authorization is for nobody else.
      redirect: 'manual',
      signal: trying.signal,
    })
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel()
      throw new ZadarmaError(
        'bad_answer',
        `${url.host} answers with a redirect (HTTP ${response.status}), which is not followed. Is ZADARMA_API_URL right?`,
      )
    }
    return { status: response.status, headers: response.headers, text: await readText(response, url, maximumBytes) }
  } catch (error) {
    if (error instanceof ZadarmaError) throw error
    signal?.throwIfAborted()
    const why = trying.signal.aborted ? `did not answer within ${timeoutMs / 1_000} s` : faultOf(error)
    throw new ZadarmaError('unreachable', `${url.host} ${why}.`, { cause: error })
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}

async function readText(response: Response, url: URL, maximumBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    // Leaving the loop ends the answer.
    if (size > maximumBytes) {
      throw new ZadarmaError('bad_answer', `${url.host} answers with more than ${maximumBytes} bytes.`)
    }
    chunks.push(chunk)
  }
  return new TextDecoder().decode(Buffer.concat(chunks))
}

/** What `fetch` met; its own message only says that it failed. */
export function faultOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  switch (code) {
    case 'ECONNREFUSED':
      return 'refuses connections'
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return 'broke the connection off'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'is not known to the name service'
    default:
      return `cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}
