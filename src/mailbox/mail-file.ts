import { isMbox, messagesOfMbox } from './mbox.ts'

/** The messages of a file that somebody gives: an mbox, or one message. Each has to be read before the next one comes. */
export async function* messagesOfFile(file: AsyncIterable<Uint8Array>): AsyncGenerator<AsyncIterable<Uint8Array>> {
  const chunks = file[Symbol.asyncIterator]()
  const first = await chunks.next()
  const start: Uint8Array = first.done === true ? new Uint8Array(0) : first.value
  const whole = withStart(start, { [Symbol.asyncIterator]: () => chunks })
  if (isMbox(start)) yield* messagesOfMbox(whole)
  else yield whole
}

async function* withStart(start: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (start.length > 0) yield start
  yield* rest
}
