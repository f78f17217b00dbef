import { Problem } from '../api/client.ts'
import { type ChangesOf, DOORS, type FieldOf, type Kind, type Rows } from './rows.ts'

/** A field as it was shown when somebody began to change it. */
export interface Seen<Value> {
  value: Value
  revision: number
}

/** It was changed, or somebody else has changed the same field meanwhile. */
export type Changed<Row> = { isRefused: false; row: Row } | { isRefused: true; row: Row }

/** Others keep changing other fields: so often the same change is sent with a newer revision. */
const MOST_TRIES = 5

export const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null)

/**
 * Changes one field. Where the row has changed meanwhile but not this field, it is changed all the same; where the field
 * has, nothing is, and the row is given as it now is.
 *
 * @throws Problem where it was refused otherwise
 */
export async function changeField<K extends Kind, F extends FieldOf<K>>(
  kind: K,
  id: string,
  field: F,
  seen: Seen<Rows[K][F]>,
  value: Rows[K][F],
): Promise<Changed<Rows[K]>> {
  const changes = Object.fromEntries([[field, value]]) as ChangesOf<K>
  let { revision } = seen
  for (let tries = 1; ; tries++) {
    try {
      return { isRefused: false, row: await DOORS[kind].change(id, changes, revision) }
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 412 || tries === MOST_TRIES) throw error
    }
    const row = await DOORS[kind].read(id)
    if (isSame(row[field], value)) return { isRefused: false, row }
    if (!isSame(row[field], seen.value)) return { isRefused: true, row }
    revision = row.revision
  }
}
