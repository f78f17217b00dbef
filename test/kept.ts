import type { TestService } from './service.ts'

/** An entry of the audit, with its personal values. */
export interface Kept {
  action: string
  who: string
  request_id: string | null
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
}

/** What is kept about one thing, in order. */
export const keptAbout = (service: TestService, entityId: string): Promise<Kept[]> =>
  service.sql<Kept>(
    `select action, who, request_id, before::jsonb || coalesce(v_before, '{}') as before,
       after::jsonb || coalesce(v_after, '{}') as after
     from audit left join (select audit_id, before::jsonb, after::jsonb from audit_values) as v (id, v_before, v_after)
       using (id)
     where entity_id = $1 order by id`,
    [entityId],
  )
