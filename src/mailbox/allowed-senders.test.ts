import { expect, it } from 'vitest'
import { isAllowedSender } from './allowed-senders.ts'

const list = ['zadarma.com', 'Recordings@Partner.example', '@office.example']

it.each([
  ['an address of the domain', 'noreply@zadarma.com'],
  ['one of a subdomain', 'pbx@mail.eu.zadarma.com'],
  ['in capitals', 'NoReply@ZADARMA.COM'],
  ['with blanks around', ' noreply@zadarma.com '],
  ['with the dot of a full name', 'noreply@zadarma.com.'],
  ['an address of the list', 'recordings@partner.example'],
  ['a domain written with its @', 'anybody@office.example'],
])('%s may send', (_, address) => expect(isAllowedSender(address, list)).toBe(true))

it.each([
  ['nobody', null],
  ['nothing', ''],
  ['a domain alone', 'zadarma.com'],
  ['a domain behind nobody', '@zadarma.com'],
  ['a domain that ends alike', 'noreply@evilzadarma.com'],
  ['a domain that begins alike', 'noreply@zadarma.com.evil.example'],
  ['an allowed address as the name of another', '"noreply@zadarma.com"@evil.example'],
  ['two addresses', 'a@evil.example,noreply@zadarma.com'],
  ['an address with its name', 'Zadarma <noreply@zadarma.com>'],
  ['another address of the partner', 'somebody@partner.example'],
  ['a subdomain of the address', 'recordings@mail.partner.example'],
  ['no domain', 'noreply@'],
])('%s may not', (_, address) => expect(isAllowedSender(address, list)).toBe(false))

it('a letter of another alphabet is not taken for one of ours', () => {
  expect(isAllowedSender('noreply@\u212Aadarma.com', ['kadarma.com'])).toBe(false)
})

it('an empty list allows nobody', () => {
  expect(isAllowedSender('noreply@zadarma.com', [])).toBe(false)
  expect(isAllowedSender('noreply@zadarma.com', ['', ' ', '@'])).toBe(false)
})
