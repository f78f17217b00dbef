/** What a caller may do; each may do what the ones after it may. `src/auth/access.ts` says what that is. */
export type Role = 'admin' | 'manager' | 'agent' | 'viewer'

/** Who is asking: a key, or a person who is logged in. */
export interface Caller {
  /** To whom idempotency keys belong: the key's id, `user:<id>`, or `bootstrap`. */
  owner: string
  kind: 'key' | 'session'
  role: Role
  /** The person; of a key the one for whom it acts, or null. */
  userId: string | null
  name: string
}
