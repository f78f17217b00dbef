/** Thrown where a file cannot be taken at all; the message is a sentence for a person, and nothing was written. */
export class TransferError extends Error {
  override name = 'TransferError'
}
