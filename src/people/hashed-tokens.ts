import type { BetterAuthOptions, DBAdapter, DBTransactionAdapter, Where } from 'better-auth'
import { hashToken } from './sessions.ts'

/** Whether the session of a hash counts. */
type IsAlive = (tokenHash: string) => Promise<boolean>

const isToken = ({ field }: Where): boolean => field === 'token'

/**
 * Stands between better-auth and its tables: of a session only the hash of its token is stored, and better-auth sees no
 * session that is over by our rules.
 */
export function withHashedTokens(
  adapter: DBAdapter<BetterAuthOptions>,
  isAlive: IsAlive,
): DBAdapter<BetterAuthOptions> {
  return {
    ...hashing(adapter, isAlive),
    transaction: (work) => adapter.transaction((within) => work(hashing(within, isAlive))),
  }
}

function hashing<Adapter extends DBTransactionAdapter<BetterAuthOptions>>(adapter: Adapter, isAlive: IsAlive): Adapter {
  const hashed = <Request extends { model: string; where?: Where[] | undefined }>(request: Request): Request =>
    request.model === 'session' && request.where !== undefined
      ? {
          ...request,
          where: request.where.map((part) => (isToken(part) ? { ...part, value: hashOf(part.value) } : part)),
        }
      : request
  return {
    ...adapter,
    create: async (request: Parameters<Adapter['create']>[0]) => {
      const { token } = request.data as { token?: unknown }
      if (request.model !== 'session' || typeof token !== 'string') return adapter.create(request)
      const made = await adapter.create({ ...request, data: { ...request.data, token: hashToken(token) } })
      return { ...made, token }
    },
    findOne: async (request: Parameters<Adapter['findOne']>[0]) => {
      const token = request.model === 'session' ? request.where.find(isToken)?.value : undefined
      if (typeof token !== 'string') return adapter.findOne(request)
      const found = (await isAlive(hashToken(token))) ? await adapter.findOne<object>(hashed(request)) : null
      return found === null ? null : { ...found, token }
    },
    findMany: (request: Parameters<Adapter['findMany']>[0]) => adapter.findMany(hashed(request)),
    count: (request: Parameters<Adapter['count']>[0]) => adapter.count(hashed(request)),
    update: (request: Parameters<Adapter['update']>[0]) => adapter.update(hashed(request)),
    updateMany: (request: Parameters<Adapter['updateMany']>[0]) => adapter.updateMany(hashed(request)),
    delete: (request: Parameters<Adapter['delete']>[0]) => adapter.delete(hashed(request)),
    deleteMany: (request: Parameters<Adapter['deleteMany']>[0]) => adapter.deleteMany(hashed(request)),
  }
}

function hashOf(value: Where['value']): Where['value'] {
  if (Array.isArray(value)) return value.map((token) => hashToken(String(token)))
  return typeof value === 'string' ? hashToken(value) : value
}
