import { createHash, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

/*
 * A key is `fc_<id>_<secret>_<checksum>`: of letters and digits only, so that a double click takes it whole. The id is no
 * secret. By the checksum a slip of the hand, and whoever looks through files for keys, is sure without asking anybody.
 */

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ID_LENGTH = 8
/** 62^43 is 2^256. */
const SECRET_LENGTH = 43
const CHECKSUM_LENGTH = 6

const KEY = /^fc_([0-9A-Za-z]{8})_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/

const random = (length: number): string =>
  Array.from({ length }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('')

function checksum(text: string): string {
  let rest = crc32(text)
  let digits = ''
  for (let place = 0; place < CHECKSUM_LENGTH; place++) {
    digits = ALPHABET.charAt(rest % ALPHABET.length) + digits
    rest = Math.floor(rest / ALPHABET.length)
  }
  return digits
}

/** A new key: what is shown once, and what is kept of it. */
export interface NewKeyText {
  key: string
  shortId: string
  hash: Buffer
}

/** Makes a key. Its secret has 256 bits. */
export function makeKeyText(): NewKeyText {
  const shortId = random(ID_LENGTH)
  const text = `fc_${shortId}_${random(SECRET_LENGTH)}_`
  const key = text + checksum(text)
  return { key, shortId, hash: hashOf(key) }
}

/** What is kept of a key. It needs no salt, as nobody can try the secrets of one. */
export const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest()

/** The id in a key; null where it has not the form of one, as older ones. */
export function shortIdOf(key: string): string | null {
  const [, shortId = null] = KEY.exec(key) ?? []
  return shortId
}

/** Whether a key that has the form of one is whole. */
export function isWhole(key: string): boolean {
  const text = key.slice(0, -CHECKSUM_LENGTH)
  return checksum(text) === key.slice(-CHECKSUM_LENGTH)
}

/** As much of a key as may be shown. */
export const shownKey = (shortId: string | null): string => (shortId === null ? 'fc_…' : `fc_${shortId}_…`)
