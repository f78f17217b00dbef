/** The fields of a form; null where it cannot be read, or has a field twice and so could be read in two ways. */
export async function readForm(contentType: string, body: Buffer): Promise<Record<string, string> | null> {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type === 'multipart/form-data') {
    try {
      // The platform's own reader of forms.
      const form = await new Response(body, { headers: { 'content-type': contentType } }).formData()
      return fieldsOf([...form].map(([name, value]) => [name, typeof value === 'string' ? value : null]))
    } catch {
      return null
    }
  }
  return readUrlencoded(body)
}

/** In the writing of addresses, as notifications of calls come. */
function readUrlencoded(body: Buffer): Record<string, string> | null {
  return fieldsOf([...new URLSearchParams(body.toString('utf8'))])
}

function fieldsOf(entries: readonly (readonly [string, string | null])[]): Record<string, string> | null {
  const fields = new Map<string, string>()
  for (const [name, value] of entries) {
    if (value === null || fields.has(name)) return null
    fields.set(name, value)
  }
  return Object.fromEntries(fields)
}
