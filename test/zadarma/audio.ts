/** How a recording is served: well, or with a fault. */
export type AudioService = 'whole' | 'slow' | 'cut' | 'endless' | 'redirect'

/** A short recording that players take; another one for another id. */
export function audioOf(recordingId: string, format: 'mp3' | 'ogg'): Buffer {
  const frames = 20 + (Number(recordingId.replace('.', '')) % 20)
  return format === 'mp3' ? mp3(frames) : ogg(frames)
}

/** Silence: MPEG-1 layer III, 128 kbit/s, 44.1 kHz, so 417 bytes a frame. */
function mp3(frames: number): Buffer {
  const frame = Buffer.alloc(417)
  frame.set([0xff, 0xfb, 0x90, 0x00])
  return Buffer.concat(Array<Buffer>(frames).fill(frame))
}

/** Silence in Opus (RFC 7845), 20 ms a packet. */
function ogg(packets: number): Buffer {
  const head = Buffer.concat([Buffer.from('OpusHead'), Buffer.from([1, 1, 0x38, 0x01, 0x80, 0xbb, 0, 0, 0, 0, 0])])
  const tags = Buffer.concat([Buffer.from('OpusTags'), Buffer.alloc(8)])
  const sound = Array<Buffer>(packets).fill(Buffer.from([0xf8, 0xff, 0xfe]))
  return Buffer.concat([page(0, 2, 0, [head]), page(1, 0, 0, [tags]), page(2, 4, packets * 960, sound)])
}

/** One page of Ogg (RFC 3533); packets of less than 255 bytes each. */
function page(sequence: number, flags: number, granule: number, packets: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(27)
  head.write('OggS')
  head[5] = flags
  head.writeBigInt64LE(BigInt(granule), 6)
  head.writeUInt32LE(1, 14)
  head.writeUInt32LE(sequence, 18)
  head[26] = packets.length
  const whole = Buffer.concat([head, Buffer.from(packets.map((packet) => packet.length)), ...packets])
  whole.writeUInt32LE(checksum(whole), 22)
  return whole
}

function checksum(bytes: Buffer): number {
  let sum = 0
  for (const byte of bytes) {
    sum ^= byte << 24
    for (let bit = 0; bit < 8; bit++) sum = (sum << 1) ^ (sum < 0 ? 0x04c11db7 : 0)
  }
  return sum >>> 0
}
