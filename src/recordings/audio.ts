/** What a recording is, and how its file ends. */
export interface AudioType {
  contentType: 'audio/mpeg' | 'audio/wav' | 'audio/ogg'
  extension: 'mp3' | 'wav' | 'ogg'
}

/** So many of the first bytes tell the type. */
export const HEAD_BYTES = 12

const MP3: AudioType = { contentType: 'audio/mpeg', extension: 'mp3' }
const WAV: AudioType = { contentType: 'audio/wav', extension: 'wav' }
const OGG: AudioType = { contentType: 'audio/ogg', extension: 'ogg' }

/**
 * The type of a recording by its first bytes, whatever its name or a header says of it.
 *
 * @param head the first {@link HEAD_BYTES}
 * @returns null where they are none of a recording
 */
export function audioTypeOf(head: Buffer): AudioType | null {
  if (head.length < HEAD_BYTES) return null
  if (head.toString('latin1', 0, 4) === 'OggS') return OGG
  if (head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'WAVE') return WAV
  if (head.toString('latin1', 0, 3) === 'ID3' || beginsWithFrame(head)) return MP3
  return null
}

/** Eleven bits of sync, a version, layer III, a bit rate and a sample rate that are in use (ISO 11172-3, 2.4.1.3). */
function beginsWithFrame(head: Buffer): boolean {
  const bits = head.readUInt32BE(0)
  const version = (bits >>> 19) & 0b11
  const layer = (bits >>> 17) & 0b11
  const bitRate = (bits >>> 12) & 0b1111
  const sampleRate = (bits >>> 10) & 0b11
  return bits >>> 21 === 0x7ff && version !== 0b01 && layer === 0b01 && bitRate !== 0b1111 && sampleRate !== 0b11
}
