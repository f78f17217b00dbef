import { expect, it } from 'vitest'
import { parseSmtpUrl } from './smtp.ts'

it('reads where e-mails are handed in, and by whom', () => {
  expect(parseSmtpUrl('smtps://ana%40example.com:ge%2Fheim@smtp.example.com')).toEqual({
    host: 'smtp.example.com',
    port: 465,
    isTlsFromStart: true,
    isTlsNeeded: true,
    user: 'ana@example.com',
    password: 'ge/heim',
  })
  expect(parseSmtpUrl('smtp://smtp.example.com')).toMatchObject({
    port: 587,
    isTlsFromStart: false,
    isTlsNeeded: true,
    user: null,
  })
  expect(parseSmtpUrl('smtp://[::1]:25')).toMatchObject({ host: '::1', port: 25, isTlsNeeded: false })
})

it.each([
  ['http://smtp.example.com', 'must be an address such as smtps://user:password@smtp.example.com'],
  ['smtp.example.com', 'must be an address such as smtps://user:password@smtp.example.com'],
  ['smtps://a:b/c@smtp.example.com', 'must end after host and port'],
  ['smtps://smtp.example.com/?x=1', 'must end after host and port'],
  ['smtps://ana:%zz@smtp.example.com', 'percent-encoded'],
])('%s is refused, without repeating what may be a password', (text, words) => {
  const read = parseSmtpUrl(text)
  expect(read).toEqual({ fault: expect.stringContaining(words) })
})
