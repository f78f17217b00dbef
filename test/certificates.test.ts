import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { expect, it } from 'vitest'
import { RecordingError } from '../src/recordings/error.ts'
import { receive } from '../src/recordings/receive.ts'

/* S12: who holds a recording has to be who the link says. Hosts, redirects and sizes are in recordings.test.ts. */

it('a recording is not fetched from a host whose certificate nobody vouches for', async () => {
  const read = (name: string) => readFile(path.resolve(import.meta.dirname, 'mailbox', name))
  const [cert, key] = await Promise.all([read('certificate.pem'), read('key.pem')])
  let asked = 0
  const server = https.createServer({ cert, key }, (_, response) => {
    asked++
    response.end('ID3')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const limits = { maximumBytes: 1_000, stallMs: 5_000, longestMs: 5_000 }
  const fetching = receive(new URL(`https://127.0.0.1:${port}/a.mp3`), limits, new AbortController().signal)
  await expect(fetching.next()).rejects.toThrow(RecordingError)
  expect(asked).toBe(0)
  // The control: nothing but the certificate stood in the way.
  const request = https.get({ host: '127.0.0.1', port, ca: cert, checkServerIdentity: () => undefined, agent: false })
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  expect([response.statusCode, asked]).toEqual([200, 1])
  response.destroy()
  server.close()
})
