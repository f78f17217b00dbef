/**
 * Decodes text in the encoding that its sender names. One that names none, or none that is known, is read as UTF-8, and
 * as Windows-1252 where it is not that.
 */
export function decodeText(bytes: Uint8Array, charset: string | null): string {
  const decoder = charset === null ? null : decoderOf(charset)
  if (decoder !== null) return decoder.decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

/** US-ASCII says nothing of the bytes above 127 that come all the same. */
const SAYS_NOTHING = /^(us-?ascii|unknown.*|x-unknown|default)?$/i

function decoderOf(charset: string): InstanceType<typeof TextDecoder> | null {
  const name = charset.trim()
  if (SAYS_NOTHING.test(name)) return null
  try {
    return new TextDecoder(name)
  } catch {
    return null
  }
}
