import type { BetterAuthOptions, DBAdapter, DBTransactionAdapter } from 'better-auth'
import type { ControlledTransaction } from 'kysely'
import type { Tables } from '../database/tables.ts'
import type { Units } from './units.ts'

type Adapter = DBTransactionAdapter<BetterAuthOptions>

/**
 * Has better-auth write within the unit that is under way, from its first write on.
 *
 * @param outside for what belongs to no unit, and for what is read before one writes
 * @param on gives the same for a transaction
 */
export function withinUnits(
  units: Units,
  outside: DBAdapter<BetterAuthOptions>,
  on: (transaction: ControlledTransaction<Tables>) => Adapter,
): DBAdapter<BetterAuthOptions> {
  const known = new WeakMap<ControlledTransaction<Tables>, Adapter>()
  const within = (transaction: ControlledTransaction<Tables> | null | undefined): Adapter => {
    if (transaction == null) return outside
    const adapter = known.get(transaction) ?? on(transaction)
    known.set(transaction, adapter)
    return adapter
  }
  const reading = async () => within(await units.current?.begun)
  const writing = async () => within(await units.current?.transaction())
  const adapter: DBAdapter<BetterAuthOptions> = {
    ...outside,
    findOne: async (request) => (await reading()).findOne(request),
    findMany: async (request) => (await reading()).findMany(request),
    count: async (request) => (await reading()).count(request),
    create: async (request) => (await writing()).create(request),
    update: async (request) => (await writing()).update(request),
    updateMany: async (request) => (await writing()).updateMany(request),
    delete: async (request) => (await writing()).delete(request),
    deleteMany: async (request) => (await writing()).deleteMany(request),
    consumeOne: async (request) => (await writing()).consumeOne(request),
    incrementOne: async (request) => (await writing()).incrementOne(request),
    transaction: async (work) => (units.current === undefined ? outside.transaction(work) : work(adapter)),
  }
  return adapter
}
