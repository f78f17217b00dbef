/** Who or which door changes something. */
export interface Actor {
  /** `key:<id>`, `user:<id>`, `bootstrap`, `zadarma`, `mail`, `import`, `sync`, `sweep` or `command line`. */
  who: string
  /** The HTTP request that asked for it; null where none did. */
  requestId: string | null
}
