import { randomUUID } from 'node:crypto'

/** What an address said to the question that Zadarma asks when the address is saved. */
export type Echo =
  | { is: 'echo' }
  /** It answers, but not like our webhook; or it does not answer. In words. */
  | { is: 'other'; status: number | null; detail: string }

const TIMEOUT_MS = 10_000

/**
 * Asks an address as Zadarma does: with `?zd_echo=<token>`, for which the token is to come back and nothing else.
 *
 * @throws the signal's reason
 */
export async function askEcho(url: string, signal?: AbortSignal): Promise<Echo> {
  const token = randomUUID()
  const other = (detail: string, status: number | null = null): Echo => ({ is: 'other', status, detail })
  try {
    const asked = new URL(url)
    asked.searchParams.set('zd_echo', token)
    const ending = [AbortSignal.timeout(TIMEOUT_MS), ...(signal === undefined ? [] : [signal])]
    const response = await fetch(asked, { redirect: 'manual', signal: AbortSignal.any(ending) })
    const { status } = response
    if (status !== 200) {
      await response.body?.cancel()
      return other(`it answers HTTP ${status}`, status)
    }
    const start = await readStart(response, token.length + 1)
    return start === token ? { is: 'echo' } : other('it answers something else than the token', status)
  } catch (error) {
    signal?.throwIfAborted()
    return other(reasonOf(error))
  }
}

/** The first bytes, and no more: whatever answers may never end. */
async function readStart(response: Response, bytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    size += chunk.byteLength
    if (size >= bytes) break
  }
  return Buffer.concat(chunks).toString('utf8', 0, bytes)
}

/** What `fetch` met; its own message only says that it failed. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer came within ${TIMEOUT_MS / 1_000} s`
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const words = cause instanceof Error && cause.message !== '' ? cause.message : code || String(cause)
  return `it cannot be reached: ${words}`
}
