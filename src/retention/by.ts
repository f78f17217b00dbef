import type { Actor } from '../audit/actor.ts'

/** Nobody asked for it at that moment: somebody has set how long things are kept. */
export const RETENTION: Actor = { who: 'retention', requestId: null }
