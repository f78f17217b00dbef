const PATH = '/api/zadarma/webhook'

/**
 * The address for Zadarma's notifications.
 *
 * @param base where First Call is reached from outside, such as `https://crm.example.com`; the whole address will do, too
 * @param pathSecret its last part, where it has one
 * @returns null where the base is no address, or one with a query, a fragment or a password
 */
export function webhookUrl(base: string, pathSecret: string | null): string | null {
  if (!URL.canParse(base)) return null
  const { protocol, origin, pathname, search, hash, username, password } = new URL(base)
  const isPlain = `${search}${hash}${username}${password}` === ''
  if (!isPlain || !['http:', 'https:'].includes(protocol)) return null
  const [before = ''] = pathname.split(PATH, 1)
  return `${origin}${before.replace(/\/+$/, '')}${PATH}${pathSecret === null ? '' : `/${pathSecret}`}`
}

/** The address as it may be shown to others: what is secret of it is left out. */
export function shownUrl(url: string, pathSecret: string | null): string {
  return pathSecret === null ? url : url.replaceAll(pathSecret, '<path secret>')
}
