import { isDeepStrictEqual } from 'node:util'

type Fields = Record<string, unknown>

interface Row {
  id: number
  action: string
  entity_id: string
  before: Fields | null
  after: Fields | null
}

type Sql = <Found extends object>(text: string) => Promise<Found[]>

/**
 * Goes through the audit from its beginning, and tells where an entry does not fit the one before it, or where calls and
 * opportunities are not what the last ones say.
 *
 * @param areMadeBySql whether a test made rows past the service, so that the audit tells them from some time on, in part
 */
export async function differencesFromAudit(sql: Sql, { areMadeBySql = false } = {}): Promise<string[]> {
  const faults: string[] = []
  const states = new Map<string, Fields>()
  const rows = await sql<Row>(`
    select audit.id, action, entity_id, audit.before::jsonb || coalesce(v.before::jsonb, '{}') as before,
      audit.after::jsonb || coalesce(v.after::jsonb, '{}') as after
    from audit left join audit_values v on audit_id = audit.id
    where action like 'call.%' or action like 'opportunity.%' order by audit.id`)
  for (const row of rows) {
    const state = states.get(row.entity_id) ?? (areMadeBySql && row.before !== null ? row.before : undefined)
    const fault = faultOf(row, state)
    if (fault !== null) faults.push(`${row.id} ${row.action} ${row.entity_id}: ${fault}`)
    if (row.after === null) states.delete(row.entity_id)
    else states.set(row.entity_id, changed(state ?? {}, row))
  }
  for (const [id, stored] of await present(sql)) {
    const told = states.get(id)
    states.delete(id)
    const fields = Object.keys(areMadeBySql ? (told ?? {}) : { ...stored, ...told }).filter(
      (name) => !isSame(stored[name], told?.[name]),
    )
    if (fields.length > 0) faults.push(`${id} is otherwise than the audit tells: ${fields.join(', ')}`)
  }
  for (const id of states.keys()) faults.push(`${id} is gone, and the audit does not tell`)
  return faults
}

const isSame = (a: unknown, b: unknown): boolean => isDeepStrictEqual(a ?? null, b ?? null)

function faultOf({ before }: Row, state: Fields | undefined): string | null {
  if (before === null) return state === undefined ? null : 'it is made, but there is one'
  if (state === undefined) return 'it is changed, but there is none'
  const wrong = Object.keys(before).filter((name) =>
    name === 'first_call_attempts'
      ? !areIn(before[name], state[name])
      : name !== 'attempt_notes' && !isSame(before[name], state[name]),
  )
  return wrong.length === 0 ? null : `it was otherwise: ${wrong.join(', ')}`
}

/** Of attempts an entry has only those that changed. */
const areIn = (some: unknown, all: unknown): boolean =>
  Object.entries(some ?? {}).every(([number, attempt]) => isSame(attempt, (all as Fields | null)?.[number]))

function changed(state: Fields, { before, after }: Row): Fields {
  const attempts = { ...(state.first_call_attempts as Fields | null) }
  for (const number of Object.keys((before?.first_call_attempts as Fields | null) ?? {})) delete attempts[number]
  Object.assign(attempts, after?.first_call_attempts)
  const { attempt_notes: _, ...next } = { ...state, ...after }
  return { ...next, first_call_attempts: Object.keys(attempts).length === 0 ? null : attempts }
}

/** Every call and opportunity that is there, as the audit tells of them. */
async function present(sql: Sql): Promise<Map<string, Fields>> {
  const time = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
  const rows = await sql<{ id: string; fields: Fields }>(`
    select calls.id, json_build_object('entity_type', entity_type, 'entity_id', entity_id, 'direction', direction,
      'call_status', call_status, 'call_result', call_result, 'resumen_llamada', resumen_llamada,
      'phone_number', phone_number, 'extension', extension, 'started_at', ${time('started_at')},
      'answered_at', ${time('answered_at')}, 'ended_at', ${time('ended_at')}, 'duration_seconds', duration_seconds,
      'provider', provider, 'provider_call_id', provider_call_id, 'link', link, 'outcome', outcome,
      'opportunity_id', opportunity_id, 'created_at', ${time('created_at')}) as fields
    from calls where deleted_at is null
    union all
    select id, json_build_object('contact_id', contact_id, 'title', title, 'status', status, 'assigned_to', assigned_to,
      'source', source, 'first_call_completed', first_call_completed,
      'first_call_successful_attempt', first_call_successful_attempt,
      'last_contact_attempt_at', ${time('last_contact_attempt_at')}, 'created_at', ${time('created_at')},
      'first_call_attempts', (
        select json_object_agg(number, json_build_object('status', attempt -> 'status', 'call_id', attempt -> 'call_id',
          'attempted_at', attempt -> 'attempted_at'))
        from jsonb_each(first_call_attempts) as made (number, attempt)))
    from lead_opportunities`)
  return new Map(rows.map(({ id, fields }) => [id, withoutEmptyFractions(fields)]))
}

/** As A12 has it. */
const withoutEmptyFractions = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' && name.endsWith('_at') ? value.replace('.000Z', 'Z') : value,
    ]),
  )
