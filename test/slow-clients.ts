import net from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/* Clients that take their time: real ones, each on a connection of its own. */

/** One that is there until it is cut off. */
interface SlowClient {
  /** In milliseconds: how long it was there; null where it was still there at the end. */
  lasted(withinMs: number): Promise<number | null>
  /** What it was answered. */
  answer(): string
  leave(): void
}

interface Address {
  port: number
  /** The value of `Authorization`. */
  authorization: string
}

type Kind = (address: Address, paceMs: number) => SlowClient

function connect({ port }: Address, begin: (socket: net.Socket) => void): SlowClient {
  const since = performance.now()
  let text = ''
  const socket = net.connect(port, '127.0.0.1', () => begin(socket))
  socket.on('error', () => undefined)
  const closed = new Promise<number>((resolve) => socket.once('close', () => resolve(performance.now() - since)))
  socket.on('data', (chunk) => {
    if (text.length < 10_000) text += chunk
  })
  return {
    lasted: (withinMs) => Promise.race([closed, pause(withinMs, null, { ref: false })]),
    answer: () => text,
    leave: () => socket.destroy(),
  }
}

/** A megabyte and a half for which nothing has to be looked up. Eight are more than the buffers on the way take. */
const LARGE = '/docs/static/swagger-ui-bundle.js'

/** Sends the beginning at once, then a byte at a time. */
function drip(socket: net.Socket, beginning: string, byte: string, everyMs: number): void {
  socket.write(beginning)
  const dripping = setInterval(() => socket.write(byte), everyMs)
  socket.once('close', () => clearInterval(dripping))
}

const headOf = ({ authorization }: Address, method: string, path: string): string =>
  `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: ${authorization}\r\n`

export const SLOW: Readonly<Record<string, Kind>> = {
  'says nothing': (address) => connect(address, () => undefined),
  'never ends its head': (address, paceMs) =>
    connect(address, (socket) => drip(socket, 'GET /healthz HTTP/1.1\r\nhost: x\r\nx: ', 'x', paceMs)),
  'never ends its body': (address, paceMs) =>
    connect(address, (socket) => {
      const head = `${headOf(address, 'POST', '/api/crm/calls')}content-type: application/json\r\n`
      drip(socket, `${head}content-length: 100000\r\n\r\n{"direction":"`, 'x', paceMs)
    }),
  'never ends a body in chunks': (address, paceMs) =>
    connect(address, (socket) => {
      const head = `${headOf(address, 'POST', '/api/crm/calls')}content-type: application/json\r\n`
      drip(socket, `${head}transfer-encoding: chunked\r\n\r\n`, '1\r\n \r\n', paceMs)
    }),
  'never ends a mail': (address, paceMs) =>
    connect(address, (socket) => {
      const head = `${headOf(address, 'POST', '/api/recordings/email')}content-type: message/rfc822\r\n`
      drip(socket, `${head}content-length: 1000000\r\n\r\nFrom: x\r\n`, 'x', paceMs)
    }),
  'never ends the body of a notification': (address, paceMs) =>
    connect(address, (socket) => {
      const type = 'content-type: application/x-www-form-urlencoded\r\n'
      const head = `POST /api/zadarma/webhook HTTP/1.1\r\nhost: x\r\n${type}content-length: 100000\r\n\r\n`
      drip(socket, head, 'x', paceMs)
    }),
  'never ends a body that nobody reads': (address, paceMs) =>
    connect(address, (socket) => {
      const type = 'content-type: application/json\r\n'
      drip(socket, `POST /api/crm/calls HTTP/1.1\r\nhost: x\r\n${type}content-length: 100000\r\n\r\n`, 'x', paceMs)
    }),
  'takes nothing of its answer': (address, paceMs) => read(address, paceMs, 0),
  'takes its answer a byte at a time': (address, paceMs) => read(address, paceMs, 1),
}

function read(address: Address, paceMs: number, bytes: 0 | 1): SlowClient {
  return connect(address, (socket) => {
    socket.write(`${headOf(address, 'GET', LARGE)}\r\n`.repeat(8))
    socket.pause()
    const taking = setInterval(() => {
      if (bytes > 0) socket.read(bytes)
      // Whoever does not read does not hear of the end either, but where something is sent. It is no request.
      socket.write('\r\n')
    }, paceMs)
    socket.once('close', () => clearInterval(taking))
  })
}
