import { expect, it } from 'vitest'
import { webhookUrl } from './webhook-url.ts'

it.each([
  ['https://crm.example.com', null, 'https://crm.example.com/api/zadarma/webhook'],
  ['https://crm.example.com/', 'a-secret', 'https://crm.example.com/api/zadarma/webhook/a-secret'],
  ['https://example.com:8443/first-call/', null, 'https://example.com:8443/first-call/api/zadarma/webhook'],
  ['https://crm.example.com/api/zadarma/webhook', 'new', 'https://crm.example.com/api/zadarma/webhook/new'],
  ['https://crm.example.com/api/zadarma/webhook/old', 'new', 'https://crm.example.com/api/zadarma/webhook/new'],
  ['http://127.0.0.1:3000', null, 'http://127.0.0.1:3000/api/zadarma/webhook'],
  ['crm.example.com', null, null],
  ['ftp://crm.example.com', null, null],
  ['https://crm.example.com?a=b', null, null],
  ['https://user:password@crm.example.com', null, null],
])('notifications for %s with the path secret %j go to %s', (base, secret, expected) => {
  expect(webhookUrl(base, secret)).toBe(expected)
})
