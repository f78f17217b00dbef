/** What facts are called in a message. */
export interface Wording {
  patterns?: readonly RegExp[]
}

/** The wording that is shipped, with a user's own before it. */
export function loadWording(_path: string | null): Wording {
  return {}
}
