/** Thrown where a recording could not be fetched this time. The message is for people and never holds the link. */
export class RecordingError extends Error {
  override name = 'RecordingError'
}
