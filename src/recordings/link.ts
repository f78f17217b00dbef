import { isRecordingId } from '../zadarma/call-ids.ts'

/** Where recordings may be fetched from. */
export interface AllowedHosts {
  /** Zadarma's API, which may be `http:` where it is on this machine. */
  apiUrl: string
  /** These and their subdomains, by `https:` on its usual port. */
  hosts: readonly string[]
}

/** Whether a recording may be fetched from there (S12). */
export function isAllowed(link: URL, { apiUrl, hosts }: AllowedHosts): boolean {
  if (link.username !== '' || link.password !== '') return false
  if (link.origin === new URL(apiUrl).origin) return true
  const isOf = (host: string): boolean => link.hostname === host || link.hostname.endsWith(`.${host}`)
  return link.protocol === 'https:' && link.port === '' && hosts.some(isOf)
}

/**
 * The provider's name of the recording that a link leads to, which its file name tells:
 * `<pbx>-<call_id_with_rec>-<extension>-<date>-<time>.mp3`.
 *
 * @returns null where it tells none
 */
export function recordingIdOf(link: string): string | null {
  const fileName = URL.canParse(link) ? new URL(link).pathname.split('/').at(-1) : undefined
  const id = /^[^-]+-([\d.]+)-/.exec(fileName ?? '')?.[1] ?? ''
  return isRecordingId(id) ? id : null
}
