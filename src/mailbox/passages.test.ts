import { describe, expect, it } from 'vitest'
import { readBody, tidied, withPairs } from './passages.ts'
import { loadWording } from './wording.ts'

const wording = loadWording(null)
const body = (...lines: string[]) => readBody(lines.join('\n'), wording)

it('a text is tidied: blanks, ends of lines, marks of quoting and emphasis, borders of cells', () => {
  expect(tidied('> > Nu\u0301mero:\u00a0 *600*\u200b \r\n>\r  Ext. | 101 \u2028fin')).toBe(
    'Número: 600\n\nExt.\t101\nfin',
  )
})

describe('the header of a forwarded mail is taken out, but for its subject', () => {
  it.each([
    ['De: Zadarma <a@zadarma.com>', 'Date: lun, 2 mar 2026 a las 13:04', 'To: <b@example.com>'],
    ['From: a@zadarma.com', 'Sent: Monday, March 2, 2026 1:04 PM', 'To: Sales'],
    ['De: a@zadarma.com', 'Enviado el: lunes, 2 de marzo de 2026 13:04', 'Para: Ventas'],
  ])('%s, %s, %s', (...header) => {
    expect(body('Hola', ...header, 'Asunto: Llamada a 101', '', 'Número: 1').text).toBe(
      'Hola\nAsunto: Llamada a 101\n\nNúmero: 1',
    )
  })

  it('where it is one: who called whom looks alike', () => {
    const lines = ['De: 101', 'Para: 600 111 222', 'Fecha: 2026-03-02 10:15']
    expect(body(...lines).text).toBe(lines.join('\n'))
  })
})

describe('a summary', () => {
  it.each([
    [['Resumen: Uno.', 'Dos.', '', 'Tres.'], 'Uno.\nDos.', '\n\n\nTres.'],
    [['Call summary', 'One.', 'Duration: 1:23'], 'One.', '\n\nDuration: 1:23'],
    [['Resumen\tUno.', 'Número\t600 111 222'], 'Uno.', '\n\nNúmero\t600 111 222'],
  ])('of %j is taken out of the text', (lines, value, text) => {
    const read = body(...lines)
    expect(read.summary?.value).toBe(value)
    expect(read.text).toBe(text)
  })

  it('is not what stands below the heading of a table', () => {
    const lines = ['Resumen de la llamada', 'Número: 600 111 222']
    expect(body(...lines)).toStrictEqual({ text: lines.join('\n'), summary: null })
  })
})

it('nothing of a transcript is read, nor of what is left out', () => {
  const { text } = body('Número: 1', 'Válido hasta 2026-04-02 10:15', 'Transcripción:', 'Cliente: 600 111 222')
  expect(text.split('\n').filter((line) => line !== '')).toStrictEqual(['Número: 1'])
})

it('labels in a line of their own, or in a table’s head, go with what stands below', () => {
  expect(withPairs('Número\n1\n').split('\n')).toContain('Número: 1')
  const pairs = withPairs('Hola\nNúmero\tExtensión:\n1\t2').split('\n')
  expect(pairs.slice(3)).toStrictEqual(['Número: 1', 'Extensión: 2'])
})
