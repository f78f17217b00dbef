import { expect, it } from 'vitest'
import { readAnswer } from '../../../src/zadarma/reading.ts'
import { sentenceIn } from './service-words.ts'

it.each([
  [500, '', 'Zadarma tiene un fallo (HTTP 500).'],
  [401, '', 'Zadarma no acepta la clave y el secreto. ¿Son correctos ZADARMA_KEY y ZADARMA_SECRET?'],
  [400, '{"status":"error","message":"Wrong SIP"}', 'Zadarma se niega (HTTP 400): Wrong SIP'],
  [200, 'no', 'Lo que responde como Zadarma (HTTP 200) no responde en JSON. ¿Es correcta ZADARMA_API_URL?'],
])('why Zadarma does not call is told in the language of the reader: HTTP %i %s', (status, text, words) => {
  const reading = readAnswer({ status, headers: new Headers(), text }, Date.now())
  if (!('error' in reading)) throw new Error(reading.is)
  expect(sentenceIn(reading.error.message, 'es')).toBe(words)
  expect(sentenceIn(reading.error.message, 'en')).toBe(reading.error.message)
})
