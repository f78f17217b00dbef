import { audioName, base64Lines, buildMail } from './mail-builder.ts'

/* R22: messages of somebody who means harm, or of a broken program. */

const MIB = 1024 * 1024

const HEAD = 'From: noreply@zadarma.com\r\nSubject: hostile\r\n'
const MIXED = `${HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n`
const AUDIO = 'Content-Type: audio/mpeg; name=x.mp3\r\nContent-Transfer-Encoding: base64\r\n\r\n'

export interface HostileMail {
  kind: string
  raw: Buffer
}

/** One of each kind, made when it is asked for. */
export function* hostileMails({ audioMib }: { audioMib: number }): Generator<HostileMail> {
  for (const [kind, make] of Object.entries(KINDS)) {
    const made = make(audioMib)
    // So that no two are the same message.
    const raw = typeof made === 'string' ? Buffer.from(made.replace('Subject: hostile', `Subject: ${kind}`)) : made
    yield { kind, raw }
  }
}

/** A file that begins as an mp3 does, and is nothing but noise after that. */
export function largeAudio(mib: number): Buffer {
  const bytes = Buffer.alloc(mib * MIB)
  for (let place = 0; place < bytes.length; place += 4) bytes.writeUInt32LE((place * 2_654_435_761) % 2 ** 32, place)
  bytes.set([0xff, 0xfb, 0x90, 0x00])
  return bytes
}

const KINDS: Readonly<Record<string, (audioMib: number) => string | Buffer>> = {
  '100 000 parts': () => `${MIXED}${'--b\r\n\r\nx\r\n'.repeat(100_000)}--b--\r\n`,
  '5 000 levels': () => {
    const levels = Array.from({ length: 5_000 }, (_, level) => level)
    const open = levels.map((level) => `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n`)
    return `${HEAD}${open.join('')}\r\nx\r\n`
  },
  'messages in messages': () => {
    const inner = 'Content-Type: message/rfc822\r\nContent-Disposition: inline\r\n\r\n'
    return `${HEAD}${inner.repeat(3_000)}Subject: x\r\n\r\nx`
  },
  'a header of 20 MB': () => `${HEAD}X-Long: ${'x'.repeat(20 * MIB)}\r\n\r\nx`,
  '200 000 headers': () => `${HEAD}${'X: y\r\n'.repeat(200_000)}\r\nx`,
  'a header that is folded 100 000 times': () => `${HEAD}X: y${'\r\n y'.repeat(100_000)}\r\n\r\nx`,
  '20 000 addresses': () => `${HEAD}To: ${'"a, b" <a@b.es>, '.repeat(10_000)}\r\n\r\nx`,
  'quotes that never end': () => `From: "${'\\"'.repeat(100_000)}\r\nTo: "${'("'.repeat(20_000)}\r\n\r\nx`,
  'encoded words without end': () => `From: a@b.es\r\nSubject: ${'=?utf-8?q?='.repeat(20_000)}\r\n\r\nx`,
  'a name in 5 000 pieces': () => {
    const pieces = Array.from({ length: 5_000 }, (_, place) => `; filename*${place}*=%C3%B1`).join('\r\n ')
    return `${MIXED}--b\r\nContent-Disposition: attachment${pieces}\r\n\r\nx\r\n--b--\r\n`
  },
  'cut base64': () => {
    const raw = buildMail({ audio: [{ name: audioName('1772442900.1'), bytes: largeAudio(1) }] })
    return raw.subarray(0, raw.length - 300_001)
  },
  'base64 that is none': () => `${MIXED}--b\r\n${AUDIO}${'====\0\xff*&^%$#@!\r\n'.repeat(50_000)}--b--\r\n`,
  'names that lead out of the folder': () => {
    const names = ['../../../../../../tmp/out.mp3', '/tmp/out.mp3', '..\\..\\out.mp3', '%2e%2e%2fout.mp3', '\0out.mp3']
    return buildMail({ audio: names.map((name) => ({ name, bytes: largeAudio(1).subarray(0, 2_000) })) })
  },
  NUL: () => Buffer.concat([Buffer.from('From: a@b.es\r\nSubject: a\0b\r\n\r\n'), Buffer.alloc(2 * MIB)]),
  noise: () => largeAudio(3),
  'a text of one line': (mib) => `${HEAD}Content-Type: text/plain\r\n\r\n${'a'.repeat(mib * MIB)}`,
  'a text of empty lines': (mib) => `${HEAD}Content-Type: text/plain\r\n\r\n${'\n'.repeat(mib * MIB)}x`,
  'HTML that is nothing but tags': () => `${HEAD}Content-Type: text/html\r\n\r\n${'<table><tr><td><'.repeat(200_000)}`,
  'HTML that never ends': () => `${HEAD}Content-Type: text/html\r\n\r\n${'<style><!--<a '.repeat(200_000)}`,
  'quoted-printable that is none': () =>
    `${HEAD}Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${'='.repeat(2 * MIB)}`,
  'a charset that nobody knows': () => `${HEAD}Content-Type: text/plain; charset="${'x'.repeat(100_000)}"\r\n\r\n\xff`,
  'UTF-7': () => `${HEAD}Content-Type: text/html; charset=utf-7\r\n\r\n+ADw-script+AD4-`,
  'a border that is no border': () => `${HEAD}Content-Type: multipart/mixed\r\n\r\n--\r\n\r\n--\r\n`,
  'a border as long as a header may be': () =>
    `${HEAD}Content-Type: multipart/mixed; boundary="${'b'.repeat(200_000)}"\r\n\r\n${`--${'b'.repeat(70_000)}\r\n`.repeat(20)}`,
  'lines that could be borders': () => `${MIXED}${'--b-\r\n--\r\n'.repeat(200_000)}`,
  'no header': () => '\r\n\r\nno header',
  'nothing but a header': () => 'From: a@b.es\r\nContent-Type: audio/mpeg; name=x.mp3',
  'large audio': (mib) => buildMail({ audio: [{ name: audioName('1772442900.2'), bytes: largeAudio(mib) }] }),
  'large audio as one line': (mib) =>
    `${MIXED}--b\r\n${AUDIO}${base64Lines(largeAudio(mib)).replaceAll('\r\n', '')}\r\n--b--\r\n`,
  'many recordings': () =>
    buildMail({
      audio: Array.from({ length: 190 }, (_, place) => ({
        name: `${place}.mp3`,
        bytes: largeAudio(1).subarray(0, 4_000),
      })),
    }),
}
