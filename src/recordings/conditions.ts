import type { IncomingHttpHeaders } from 'node:http'

const tagsOf = (header: string): string[] => header.split(',').map((tag) => tag.trim())

/** Whether the client has it already: `If-None-Match` (RFC 9110, 13.1.2), for which a weak tag is as good. */
export function isKnownToClient(headers: IncomingHttpHeaders, etag: string): boolean {
  const tags = tagsOf(headers['if-none-match'] ?? '')
  return tags.some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag)
}

/**
 * The one range that is to be answered. Of several, of what is none, and of those of an older file (`If-Range`: RFC
 * 9110, 13.1.5), the whole is the answer, and so it is of the last bytes where it has no more.
 */
export function rangeOf(headers: IncomingHttpHeaders, etag: string, sizeBytes: number): string | null {
  const { range = '', 'if-range': ifRange } = headers
  if (ifRange !== undefined && ifRange !== etag) return null
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(range.trim()) ?? []
  if (first === '' && (last === '' || Number(last) >= sizeBytes)) return null
  if (first !== '' && last !== '' && Number(first) > Number(last)) return null
  return `bytes=${first}-${last}`
}
