/** Why a request to Zadarma gave nothing. */
export type ZadarmaErrorCode =
  /** Zadarma says no, and why. */
  | 'refused'
  /** Key or secret are wrong. */
  | 'unauthorized'
  /** The rate limit was exceeded every time, though it is waited for. */
  | 'limited'
  /** No answer, or one that says Zadarma itself has a fault, every time. */
  | 'unreachable'
  /** An answer that cannot be Zadarma's. */
  | 'bad_answer'

/** Thrown where Zadarma does not give what was asked. The message is for people and never holds the secret. */
export class ZadarmaError extends Error {
  override name = 'ZadarmaError'
  readonly code: ZadarmaErrorCode

  constructor(code: ZadarmaErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
