/** Thrown where the command line was used wrongly; the message is a sentence that says how to use it. */
export class UsageError extends Error {
  override name = 'UsageError'
}
