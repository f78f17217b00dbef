import { createHash } from 'node:crypto'

/**
 * The id of the recording that an audio part of a message becomes: the same one however often the message is handled. It
 * is a UUID of version 7 of the moment at which the message came, so that recordings stay in the order of their parts.
 *
 * @param messageId of the inbox, itself of version 7
 * @param place among the audio parts of the message, from 0 to 4095
 */
export function audioIdOf(messageId: string, place: number): string {
  const hash = createHash('sha256').update(`${messageId} ${place}`).digest('hex')
  const moment = messageId.replaceAll('-', '').slice(0, 12)
  const variant = (8 + (Number.parseInt(hash.slice(0, 1), 16) & 0b11)).toString(16)
  return [
    moment.slice(0, 8),
    moment.slice(8),
    `7${place.toString(16).padStart(3, '0')}`,
    `${variant}${hash.slice(1, 4)}`,
    hash.slice(4, 16),
  ].join('-')
}

/** Whether a file in a month of the folder of recordings is one that this message brought, whole or not. */
export function isAudioOf(fileName: string, messageId: string): boolean {
  const place = Number.parseInt(fileName.slice(15, 18), 16)
  return !Number.isNaN(place) && fileName.startsWith(`${audioIdOf(messageId, place)}.`)
}
