/** Who or which door changes something. */
export interface Actor {
  /**
   * `key:<id>`, `user:<id>`, `bootstrap` (the key of the environment), `zadarma`, `mail`, `import`, `sync`, `sweep`,
   * `retention`, `command line`, or `first start`, where the service makes its first key by itself.
   */
  who: string
  /** The HTTP request that asked for it; null where none did. */
  requestId: string | null
}

/** What nobody asked for at that moment: it was left to do. */
export const SWEEP: Actor = { who: 'sweep', requestId: null }

/** The history sync. */
export const SYNC: Actor = { who: 'sync', requestId: null }

/** Somebody at the machine itself. */
export const COMMAND_LINE: Actor = { who: 'command line', requestId: null }
