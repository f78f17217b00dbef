import { decodeText } from './charset.ts'

/** `=?utf-8?B?…?=`, with a language after the charset at times (RFC 2231, 5). */
const WORD = /=\?([^?\s*]{1,60})(?:\*[^?\s]{0,60})?\?([bq])\?([^?\s]*)\?=/gi

/**
 * A header's text with its encoded words decoded (RFC 2047). Between two of them blanks mean nothing; and a character
 * that a careless sender has cut in two is put together again.
 */
export function decodeWords(text: string): string {
  let decoded = ''
  let end = 0
  let open: { charset: string; bytes: Buffer[] } | null = null
  const close = (): void => {
    if (open !== null) decoded += decodeText(Buffer.concat(open.bytes), open.charset)
    open = null
  }
  for (const match of text.matchAll(WORD)) {
    const [word, charset = '', encoding = '', content = ''] = match
    const between = text.slice(end, match.index)
    const isNext = open !== null && between.trim() === ''
    const previous = open as { charset: string; bytes: Buffer[] } | null
    const bytes = encoding.toLowerCase() === 'b' ? Buffer.from(content, 'base64') : quoted(content)
    if (isNext && previous?.charset === charset.toLowerCase()) {
      previous.bytes.push(bytes)
    } else {
      close()
      if (!isNext) decoded += between
      open = { charset: charset.toLowerCase(), bytes: [bytes] }
    }
    end = match.index + word.length
  }
  close()
  return decoded + text.slice(end)
}

/** The Q encoding (RFC 2047, 4.2). */
function quoted(content: string): Buffer {
  const bytes = content
    .replaceAll('_', ' ')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1')
}
