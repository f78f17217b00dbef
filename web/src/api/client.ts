import createClient from 'openapi-fetch'
import type { paths } from './schema.d.ts'

/** Asks the service; paths, bodies and answers are those of openapi.json. */
export const api = createClient<paths>({ baseUrl: '' })

interface ProblemDocument {
  status: number
  title: string
  detail?: string
  errors?: { path: string; message: string }[]
}

/** What the service refused, in its own words (RFC 9457). */
export class Problem extends Error {
  override name = 'Problem'
  readonly status: number
  readonly faults: readonly { path: string; message: string }[]
  /** Seconds after which to try again; null where nobody said so. */
  readonly retryAfter: number | null

  constructor({ status, title, detail, errors = [] }: ProblemDocument, retryAfter: number | null) {
    super(detail ?? title)
    this.status = status
    this.faults = errors
    this.retryAfter = retryAfter
  }
}

interface Answer<Data> {
  data?: Data
  error?: unknown
  response: Response
}

/**
 * Gives what was answered.
 *
 * @throws Problem where it was refused, and the browser's own error where there was no answer
 */
export async function answered<Data>(asking: Promise<Answer<Data>>): Promise<Data> {
  const { data, error, response } = await asking
  if (response.ok) return data as Data
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN)
  const document = isProblem(error) ? error : { status: response.status, title: response.statusText }
  throw new Problem(document, Number.isNaN(retryAfter) ? null : retryAfter)
}

const isProblem = (error: unknown): error is ProblemDocument =>
  typeof error === 'object' && error !== null && 'title' in error && 'status' in error
