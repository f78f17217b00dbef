import { addKey, type NewKey } from '../src/auth/key-store.ts'
import { SOMEBODY, type TestService } from './service.ts'

/** Makes a key; gives it with the header that a request with it has. */
export async function makeKey({ database }: Pick<TestService, 'database'>, asked: Partial<NewKey> = {}) {
  const made = await addKey(
    database,
    { name: 'a test', role: 'admin', user_id: null, expires_at: null, ...asked },
    SOMEBODY,
  )
  return { ...made, id: made.body.id, headers: { authorization: `Bearer ${made.key}` } }
}

export type TestKey = Awaited<ReturnType<typeof makeKey>>
