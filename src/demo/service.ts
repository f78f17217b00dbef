/** A service that is asked over HTTP, as any program asks it. */
export interface Service {
  /**
   * @returns the body of the answer, null where it has none
   * @throws where the service refuses it, or is not there
   */
  ask<Body>(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<Body>
  /** Sends a raw message. */
  sendMail(message: string): Promise<{ result: string }>
  /** Sets a password by a link, as the page at `/accept` does. */
  acceptLink(link: string, password: string): Promise<void>
}

interface Problem {
  title: string
  detail?: string
  errors?: { path: string; message: string }[]
}

/** Speaks to the service at an address, with a key. */
export function serviceAt(address: string, key: string): Service {
  const authorization = `Bearer ${key}`
  const send = async (path: string, init: RequestInit): Promise<Response> => {
    const response = await fetch(new URL(path, address), init).catch((error: unknown) => {
      throw new Error(`No First Call answers at ${address}. Start it (npm start), or name it with --url.`, {
        cause: error,
      })
    })
    if (response.ok) return response
    const { detail, title, errors = [] } = (await response.json()) as Problem
    const faults = errors.map((fault) => `${fault.path} ${fault.message}`)
    throw new Error(`${init.method} ${path}: ${[detail ?? title, ...faults].join(' ')}`)
  }
  return {
    async ask<Body>(method: string, path: string, body?: unknown) {
      const json =
        body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
      const response = await send(path, { method, ...json, headers: { ...json.headers, authorization } })
      return (response.status === 204 ? null : await response.json()) as Body
    },
    async sendMail(message) {
      const headers = { authorization, 'content-type': 'message/rfc822' }
      const response = await send('/api/recordings/email', { method: 'POST', headers, body: message })
      return (await response.json()) as { result: string }
    },
    async acceptLink(link, password) {
      const { origin, hash } = new URL(link)
      const token = new URLSearchParams(hash.slice(1)).get('token')
      await send('/api/auth/accept', {
        method: 'POST',
        headers: { origin, 'content-type': 'application/json' },
        body: JSON.stringify({ token, password }),
      })
    },
  }
}
