import { isMbox, messagesOfMbox, TELLING_BYTES } from './mbox.ts'

/** The messages of a file that somebody gives: an mbox, or one message. Each has to be read before the next one comes. */
export async function* messagesOfFile(file: AsyncIterable<Uint8Array>): AsyncGenerator<AsyncIterable<Uint8Array>> {
  const chunks = file[Symbol.asyncIterator]()
  let start: Uint8Array = new Uint8Array(0)
  while (start.length < TELLING_BYTES) {
    const { done, value } = await chunks.next()
    if (done === true) break
    start = Buffer.concat([start, value])
  }
  const whole = withStart(start, { [Symbol.asyncIterator]: () => chunks })
  if (isMbox(start)) yield* messagesOfMbox(whole)
  else yield whole
}

async function* withStart(start: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (start.length > 0) yield start
  yield* rest
}
