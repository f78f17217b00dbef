import type { Chance } from './chance.ts'

const RATE = 8_000
const HEAD_BYTES = 44

/**
 * A few seconds of sound that is nobody's voice: it rises and falls as speech does. A WAV file, 8 000 samples of 8 bits a
 * second, one channel.
 */
export function makeSound(chance: Chance, seconds: number): Buffer {
  const samples = Math.round(seconds * RATE)
  const file = Buffer.alloc(HEAD_BYTES + samples)
  file.write('RIFF', 0)
  file.writeUInt32LE(HEAD_BYTES - 8 + samples, 4)
  file.write('WAVEfmt ', 8)
  file.writeUInt32LE(16, 16)
  file.writeUInt16LE(1, 20)
  file.writeUInt16LE(1, 22)
  file.writeUInt32LE(RATE, 24)
  file.writeUInt32LE(RATE, 28)
  file.writeUInt16LE(1, 32)
  file.writeUInt16LE(8, 34)
  file.write('data', 36)
  file.writeUInt32LE(samples, 40)
  let phase = 0
  let pitch = chance.between(110, 190)
  for (let sample = 0; sample < samples; sample++) {
    const syllable = sample % 1_600
    if (syllable === 0) pitch = Math.max(90, Math.min(240, pitch + chance.between(-30, 30)))
    phase += (2 * Math.PI * pitch) / RATE
    const loudness = Math.sin((Math.PI * syllable) / 1_600) ** 2
    const voice = Math.sin(phase) + 0.5 * Math.sin(2 * phase) + 0.25 * Math.sin(3 * phase)
    file[HEAD_BYTES + sample] = 128 + Math.round(40 * loudness * voice)
  }
  return file
}
