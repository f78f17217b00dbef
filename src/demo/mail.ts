import { DateTime } from 'luxon'
import type { Chance } from './chance.ts'
import { makeSound } from './sound.ts'

interface RecordedCall {
  id: string
  phone: string
  extension: string
  startedAt: number
  seconds: number
}

/** Longer ones say nothing more, and have to be sent. */
const LONGEST_SOUND_SECONDS = 12

/** An e-mail as a PBX sends it with the recording of an outbound call. */
export function recordingMail(chance: Chance, call: RecordedCall, timezone: string): string {
  const started = DateTime.fromMillis(call.startedAt, { zone: timezone }).toFormat('yyyy-MM-dd HH:mm:ss')
  const sound = makeSound(chance, Math.min(call.seconds, LONGEST_SOUND_SECONDS))
  const text = `Llamada saliente
Número: ${call.phone}
Extensión: ${call.extension}
Fecha: ${started}
Duración: ${call.seconds} s
`
  const boundary = `=_${call.id}`
  return [
    'From: Zadarma <noreply@zadarma.com>',
    'To: calls@demo.example',
    'Subject: =?utf-8?B?R3JhYmFjacOzbiBkZSBsbGFtYWRh?=',
    `Date: ${DateTime.fromMillis(call.startedAt + call.seconds * 1_000, { zone: timezone }).toRFC2822()}`,
    `Message-ID: <${call.id}@demo.example>`,
    'MIME-Version: 1.0',
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    lines(Buffer.from(text)),
    `--${boundary}`,
    'Content-Type: audio/wav',
    'Content-Disposition: attachment; filename="call.wav"',
    'Content-Transfer-Encoding: base64',
    '',
    lines(sound),
    `--${boundary}--`,
    '',
  ].join('\r\n')
}

const lines = (bytes: Buffer): string => bytes.toString('base64').replace(/.{76}(?=.)/g, '$&\r\n')
