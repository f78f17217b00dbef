import { createHash } from 'node:crypto'
import type { Instant } from '../../src/time.ts'

/**
 * Makes a contact with an opportunity for each number, by First Call's REST API. The same ones for the same seed: those
 * that are there already stay as they are.
 *
 * @throws with a sentence for a person where First Call refuses
 */
export async function addLeads(
  { url, key }: { url: string; key: string },
  numbers: readonly string[],
  { seed, createdAt }: { seed: number; createdAt: Instant },
): Promise<{ added: number; known: number }> {
  const created_at = new Date(createdAt).toISOString()
  let added = 0
  for (const [index, number] of numbers.entries()) {
    const contact = { id: idOf(`contact ${seed} ${number}`), name: `Lead ${index + 1}`, phones: [number], created_at }
    const opportunity = { id: idOf(`opportunity ${seed} ${number}`), contact_id: contact.id, created_at }
    await post('/api/crm/contacts', contact)
    if (await post('/api/crm/opportunities', opportunity)) added++
  }
  return { added, known: numbers.length - added }

  /** Whether it is new. */
  async function post(path: string, body: object): Promise<boolean> {
    const response = await fetch(new URL(path, url), {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    if (response.status === 201) return true
    if (response.status === 409) return false
    if (response.status === 401) throw new Error(`First Call at ${url} does not know this key. Give one with --key.`)
    throw new Error(`First Call at ${url} answers to ${path} with HTTP ${response.status}: ${text.slice(0, 300)}`)
  }
}

/** A UUID that follows from a name. */
function idOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
