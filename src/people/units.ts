import { AsyncLocalStorage } from 'node:async_hooks'
import type { ControlledTransaction, Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'

/** A transaction that the first write begins, so that no connection is held while a password is hashed. */
class Unit {
  readonly #query: Kysely<Tables>
  readonly #onBegin: OnBegin
  #begun: Promise<ControlledTransaction<Tables>> | null = null

  constructor(query: Kysely<Tables>, onBegin: OnBegin) {
    this.#query = query
    this.#onBegin = onBegin
  }

  /** Null before the first write. */
  get begun(): Promise<ControlledTransaction<Tables>> | null {
    return this.#begun
  }

  transaction(): Promise<ControlledTransaction<Tables>> {
    this.#begun ??= this.#begin()
    return this.#begun
  }

  async keep(): Promise<void> {
    await (await this.#begun)?.commit().execute()
  }

  /** What failed before is what is told: that there is nothing to undo, or nobody to be asked for it, is no other fault. */
  async undo(): Promise<void> {
    const transaction = await this.#begun?.catch(() => null)
    if (transaction == null || transaction.isCommitted) return
    await transaction
      .rollback()
      .execute()
      .catch(() => undefined)
  }

  async #begin(): Promise<ControlledTransaction<Tables>> {
    const transaction = await this.#query.startTransaction().execute()
    try {
      await this.#onBegin(transaction)
      return transaction
    } catch (error) {
      await transaction
        .rollback()
        .execute()
        .catch(() => undefined)
      throw error
    }
  }
}

type OnBegin = (transaction: ControlledTransaction<Tables>) => Promise<void>

/** What a unit comes to, and whether what it wrote stays. */
interface Outcome<Result> {
  result: Result
  isKept: boolean
}

/** What is written together, whoever writes it: whatever is asked for during a unit's work can tell that it is. */
export class Units {
  readonly #query: Kysely<Tables>
  readonly #current = new AsyncLocalStorage<Unit>()

  constructor(query: Kysely<Tables>) {
    this.#query = query
  }

  /** The one that is under way; undefined where none is. */
  get current(): Unit | undefined {
    return this.#current.getStore()
  }

  /**
   * Does work of which all that is written stands or falls together.
   *
   * @param onBegin done in the transaction before anything is written
   */
  async run<Result>(
    work: (unit: Pick<Unit, 'transaction'>) => Promise<Outcome<Result>>,
    onBegin: OnBegin = async () => undefined,
  ): Promise<Result> {
    const unit = new Unit(this.#query, onBegin)
    try {
      const { result, isKept } = await this.#current.run(unit, () => work(unit))
      await (isKept ? unit.keep() : unit.undo())
      return result
    } catch (error) {
      await unit.undo()
      throw error
    }
  }
}
