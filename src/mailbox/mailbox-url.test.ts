import { expect, it } from 'vitest'
import { parseMailboxUrl } from './mailbox-url.ts'

const TLS = { host: 'imap.example.com', port: 993, isTlsFromStart: true, user: 'ana', password: 'secret' }

it.each([
  ['imaps://ana:secret@imap.example.com', TLS],
  ['imaps://ana:secret@imap.example.com/', TLS],
  ['IMAPS://ana:secret@IMAP.Example.com:993', TLS],
  ['imaps://ana:secret@imap.example.com:10993', { ...TLS, port: 10_993 }],
  ['imap://ana:secret@imap.example.com', { ...TLS, port: 143, isTlsFromStart: false }],
  ['imaps://ana@imap.example.com', { ...TLS, password: null }],
  [
    'imaps://ana%40example.com:p%25%2F%3A%23w@imap.example.com',
    { ...TLS, user: 'ana@example.com', password: 'p%/:#w' },
  ],
  ['imaps://ana@example.com:secret@imap.example.com', { ...TLS, user: 'ana@example.com' }],
  ['imaps://ana:contrase%C3%B1a@imap.example.com', { ...TLS, password: 'contraseña' }],
  ['imaps://ana:secret@192.0.2.7', { ...TLS, host: '192.0.2.7' }],
  ['imaps://ana:secret@[2001:db8::7]:993', { ...TLS, host: '2001:db8::7' }],
])('%s is understood', (text, address) => {
  expect(parseMailboxUrl(text)).toEqual(address)
})

it.each([
  ['https://ana:secret@imap.example.com', 'must begin with imaps:// or imap://'],
  ['imap.example.com', 'must begin with imaps:// or imap://'],
  ['imaps://ana:secret@imap.example.com:99999', 'must be an address such as imaps://user:password@imap.example.com'],
  [
    'imaps://:secret@imap.example.com',
    'must name the user of the mailbox, as in imaps://user:password@imap.example.com',
  ],
  ['imaps://imap.example.com', 'must name the user of the mailbox, as in imaps://user:password@imap.example.com'],
  ['imaps://ana:100%@imap.example.com', 'must have a user and password that are percent-encoded; write % as %25'],
  [
    'imaps://ana:line%0Abreak@imap.example.com',
    'must have a user and password that are percent-encoded; write % as %25',
  ],
  [
    'imaps://ana:secret@imap.example.com/INBOX',
    'must end after host and port; write /, ? and # of the password as %2F, %3F and %23',
  ],
  [
    'imaps://ana:sec#ret@imap.example.com',
    'must end after host and port; write /, ? and # of the password as %2F, %3F and %23',
  ],
  ['imaps://ana:secret@im%20ap', 'must name a host, as in imaps://user:password@imap.example.com'],
])('%s is refused without telling any of it', (text, fault) => {
  expect(parseMailboxUrl(text)).toEqual({ fault })
})
