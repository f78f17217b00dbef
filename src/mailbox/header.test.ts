import { describe, expect, it } from 'vitest'
import { readHeader } from './header.ts'

const read = (text: string | Buffer) => readHeader(Buffer.from(text as string))

describe('a header', () => {
  it('is read as far as it matters', () => {
    const text =
      'Received: from somewhere\r\n\tby elsewhere\r\nFROM: "Zadarma, calls" <NoReply@Zadarma.com>\r\n' +
      'Subject: Llamada\r\n de hoy\r\nDate: Mon, 2 Mar 2026 10:15:00 +0100 (CET)\r\nMessage-Id: <1@x>\r\n\r\nFrom: b@c'
    expect(read(text)).toEqual({
      from: 'noreply@zadarma.com',
      subject: 'Llamada de hoy',
      date: Date.parse('2026-03-02T09:15:00Z'),
      messageId: '<1@x>',
    })
  })

  it('that says nothing is nothing', () => {
    expect(read('X: y\n\n')).toEqual({ from: null, subject: null, date: null, messageId: null })
    expect(read('Subject:\nDate: soon\nFrom: nobody\n\n')).toEqual(read(''))
  })

  it('has the first of fields that come twice', () => {
    expect(read('From: a@b\nFrom: A@b\nSubject: 1\nSubject: 2\n\n')).toMatchObject({ from: 'a@b', subject: '1' })
  })

  it.each([
    ['a@b.es', 'a@b.es'],
    ['<a@b.es>', 'a@b.es'],
    ['Ana <a@b.es>, Eva <e@f.es>', null],
    ['a@b.es (noreply@zadarma.com)', 'a@b.es'],
    ['"noreply@zadarma.com" <a@b.es>', 'a@b.es'],
    ['"x\\" <noreply@zadarma.com>" <a@b.es>', 'a@b.es'],
    ['=?utf-8?Q?=3Cnoreply=40zadarma.com=3E?= <a@b.es>', 'a@b.es'],
    ['=?utf-8?Q?noreply=40zadarma.com?=', null],
    ['Ana', null],
    ['@', null],
    ['((x) <z@zadarma.com>) e@f.es', 'e@f.es'],
    ['=?utf-8?Q?<z@zadarma.com>?= <e@f.es>', 'e@f.es'],
    ['<z@zadarma.com> <e@f.es>', null],
    ['z@zadarma.com\nFrom: e@f.es', null],
    [`z@zadarma.com,${' '.repeat(4_000)}e@f.es`, null],
  ])('From: %s is of %s', (field, from) => expect(read(`From: ${field}\n\n`).from).toBe(from))

  it.each([
    ['Mon, 2 Mar 2026 10:15:00 +0100', '2026-03-02T09:15:00Z'],
    ['2 Mar 2026 10:15 GMT', '2026-03-02T10:15:00Z'],
    ['Mon, 2 Mar 2026 10:15:00', null],
    ['2026-03-02', null],
    ['Mon, 99 Mar 2026 10:15:00 +0100', null],
  ])('Date: %s is %s', (field, date) =>
    expect(read(`Date: ${field}\n\n`).date).toBe(date === null ? null : Date.parse(date)),
  )

  it.each([
    ['=?utf-8?B?R3JhYmFjacOzbg==?=', 'Grabación'],
    ['=?ISO-8859-1?Q?Grabaci=F3n_de?= hoy', 'Grabación de hoy'],
    ['=?utf-8?Q?Grabaci=C3?=\n =?utf-8?Q?=B3n?=', 'Grabación'],
    ['=?utf-8*es?Q?a?= =?iso-8859-1?Q?=F1?= b', 'añ b'],
    ['=?nobody-knows?Q?=C3=B1?=', 'ñ'],
    ['=?utf-8?X?abc?=', '=?utf-8?X?abc?='],
  ])('Subject: %s says %s', (field, subject) => expect(read(`Subject: ${field}\n\n`).subject).toBe(subject))

  it('may have bytes that are no UTF-8', () => {
    expect(read(Buffer.from('Subject: Grabaci\xf3n\n\n', 'latin1')).subject).toBe('Grabación')
  })

  it('is read in no time, whatever its sender means to do', () => {
    const quotes = `From: "${'\\"'.repeat(120_000)}\n\n`
    const words = `Subject: ${'=?utf-8?q?'.repeat(20_000)}\n\n`
    const many = `${'X: y\n'.repeat(50_000)}From: a@b\n\n`
    const startedAt = performance.now()
    for (const text of [quotes, words, many]) expect(read(text).from).toBeNull()
    // Each would take minutes if its whole length were looked at again at each of its places.
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })
})
