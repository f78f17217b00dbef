import { z } from 'zod'
import { faultOf } from '../zadarma/exchange.ts'
import { MailboxError } from './error.ts'
import type { OauthConfig } from './mailbox.ts'
import { serverWords } from './server-words.ts'

/** Access tokens of one account, each kept until shortly before it expires. */
export interface AccessTokens {
  /**
   * One that holds for a while yet.
   *
   * @throws MailboxError where none can be had; the signal's reason, where that comes first
   */
  get(signal: AbortSignal): Promise<string>
  /** The one that was given is not taken any more: the next is a new one. */
  forget(): void
}

const TIMEOUT_MS = 20_000
const MAXIMUM_BYTES = 256 * 1024
/** Between the moment when it is taken from here and the one when the mail server looks at it. */
const BEFORE_EXPIRY_MS = 60_000
/** Of a token that does not say how long it holds. */
const UNKNOWN_LIFETIME_SECONDS = 300

const granted = z.object({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive().optional(),
  refresh_token: z.string().min(1).optional(),
})

const refused = z.object({ error: z.string(), error_description: z.string().optional() })

/** Gets access tokens by the grant `refresh_token` (RFC 6749, section 6). */
export function accessTokens({ clientId, clientSecret, refreshToken, tokenUrl }: OauthConfig): AccessTokens {
  const { host } = new URL(tokenUrl)
  let current: { token: string; freshUntilMs: number } | null = null
  // A server may give another one with each token, and take the old one for a while only.
  let latestRefreshToken = refreshToken

  async function renew(signal: AbortSignal): Promise<string> {
    const askedAtMs = performance.now()
    const { status, text } = await ask(signal)
    const json = parseJson(text)
    const success = granted.safeParse(json)
    if (status !== 200 || !success.success) throw refusal(status, json)
    const { access_token, expires_in = UNKNOWN_LIFETIME_SECONDS, refresh_token } = success.data
    latestRefreshToken = refresh_token ?? latestRefreshToken
    const lifetimeMs = expires_in * 1_000
    const freshForMs = Math.max(lifetimeMs - BEFORE_EXPIRY_MS, lifetimeMs / 2)
    current = { token: access_token, freshUntilMs: askedAtMs + freshForMs }
    return access_token
  }

  async function ask(signal: AbortSignal): Promise<{ status: number; text: string }> {
    signal.throwIfAborted()
    const trying = new AbortController()
    const abort = (): void => trying.abort()
    const timer = setTimeout(abort, TIMEOUT_MS)
    signal.addEventListener('abort', abort)
    try {
      const response = await fetch(tokenUrl, {
        method: 'POST',
        headers: { accept: 'application/json', 'user-agent': 'First Call' },
        body: new URLSearchParams({
          grant_type: 'refresh_token',
          refresh_token: latestRefreshToken,
          client_id: clientId,
          client_secret: clientSecret,
        }),
        // The secrets are for nobody else.
        redirect: 'manual',
        signal: trying.signal,
      })
      return { status: response.status, text: await readText(response) }
    } catch (error) {
      if (error instanceof MailboxError) throw error
      signal.throwIfAborted()
      const why = trying.signal.aborted ? `did not answer within ${TIMEOUT_MS / 1_000} s` : faultOf(error)
      throw new MailboxError('disconnected', `${host}, which gives the access tokens, ${why}.`, { cause: error })
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
  }

  async function readText(response: Response): Promise<string> {
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength
      // Leaving the loop ends the answer.
      if (size > MAXIMUM_BYTES) throw new MailboxError('failed', `${host} answers with more than a token.`)
      chunks.push(chunk)
    }
    return new TextDecoder().decode(Buffer.concat(chunks))
  }

  function refusal(status: number, json: unknown): MailboxError {
    if (status >= 500 || status === 429) {
      return new MailboxError('disconnected', `${host} gives no access token at the moment (HTTP ${status}).`)
    }
    const said = refused.safeParse(json)
    if (!said.success) {
      return new MailboxError(
        'failed',
        `${host} answers with no access token (HTTP ${status}). Is MAILBOX_OAUTH_TOKEN_URL right?`,
      )
    }
    const { error, error_description } = said.data
    const words = error_description === undefined ? error : `${error}: ${error_description}`
    const secrets = [clientSecret, refreshToken, latestRefreshToken]
    return new MailboxError('refused', `${host} refuses an access token (${serverWords(words, secrets)}).`)
  }

  return {
    get: async (signal) => {
      if (current !== null && performance.now() < current.freshUntilMs) return current.token
      return renew(signal)
    },
    forget: () => {
      current = null
    },
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
