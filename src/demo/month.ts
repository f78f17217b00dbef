import { v7 as uuidv7 } from 'uuid'
import type { Chance } from './chance.ts'
import { drawContact, type MadeUpContact } from './people.ts'

/* A month of a sales team, drawn by chance: leads come in, are called up to five times, and some are won. Pure but for ids. */

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

export interface Lead {
  contactId: string
  opportunityId: string
  contact: MadeUpContact
  title: string
  source: string
  /** A place in the team, or null: nobody's. */
  agent: number | null
  createdAt: number
  /** What it came to; null while it is open. */
  closedAs: 'qualified' | 'won' | 'lost' | 'discarded' | null
  calls: MadeUpCall[]
}

export interface MadeUpCall {
  id: string
  direction: 'outbound' | 'inbound'
  status: 'answered' | 'no_answer' | 'busy' | 'rejected'
  startedAt: number
  seconds: number
  notes: string | null
}

const SOURCES = [
  ['web', 5],
  ['google ads', 3],
  ['feria', 1],
  ['recomendación', 2],
  ['instagram', 2],
] as const
const TITLES = [
  'Curso de inglés',
  'Seguro de hogar',
  'Reforma de cocina',
  'Plan de pensiones',
  'Placas solares',
] as const
const SPOKE = [
  'Le interesa, pide presupuesto por correo.',
  'Quiere pensarlo con su pareja, llamar el jueves.',
  'Ya lo tiene contratado hasta marzo.',
  'Muy amable; visita el martes a las 17:00.',
  'Asked for the contract in English.',
  'Pregunta si se puede pagar a plazos.',
] as const
const UNHEARD = ['Buzón de voz.', 'Llamar después de las diez.', 'Suena y cuelga.'] as const

/** How calls end: about a third of all leads are reached at the first try. */
const RESULTS = [
  ['answered', 34],
  ['no_answer', 44],
  ['busy', 14],
  ['rejected', 8],
] as const

/** When people call: on weekdays, from nine to eight, seldom at lunch. */
function isWorkingTime(moment: number): boolean {
  const date = new Date(moment)
  const hour = date.getUTCHours() + 1
  return date.getUTCDay() % 6 !== 0 && hour >= 9 && hour < 20 && (hour !== 14 || date.getUTCMinutes() < 15)
}

function nextWorkingTime(moment: number, chance: Chance): number {
  let at = moment
  while (!isWorkingTime(at)) at += chance.between(5, 40) * MINUTE_MS
  return at
}

/**
 * Draws the leads of the 30 days before `now`, the oldest first.
 *
 * @param agents places in the team
 */
export function drawMonth(chance: Chance, count: number, agents: readonly number[], now: number): Lead[] {
  const moments = Array.from({ length: count }, () => now - Math.floor(chance.number() * 30 * DAY_MS)).toSorted(
    (a, b) => a - b,
  )
  return moments.map((createdAt, number) => drawLead(chance, number, createdAt, agents, now))
}

function drawLead(chance: Chance, number: number, createdAt: number, agents: readonly number[], now: number): Lead {
  const calls: MadeUpCall[] = []
  let at = createdAt + chance.between(2, 240) * MINUTE_MS
  let isReached = false
  for (let tries = chance.between(3, 6); tries > 0 && !isReached; tries--) {
    at = nextWorkingTime(at, chance)
    if (at > now - 10 * MINUTE_MS) break
    const status = chance.weighted(RESULTS)
    isReached = status === 'answered'
    calls.push(drawCall(chance, status, at))
    // Some call back.
    if (!isReached && chance.number() < 0.04)
      calls.push({ ...drawCall(chance, 'answered', at + HOUR_MS), direction: 'inbound' })
    at += chance.between(90, 2_000) * MINUTE_MS
  }
  const isOld = now - createdAt > 5 * DAY_MS
  return {
    contactId: uuidv7({ msecs: createdAt }),
    opportunityId: uuidv7({ msecs: createdAt }),
    contact: drawContact(chance, number),
    title: chance.one(TITLES),
    source: chance.weighted(SOURCES),
    agent: chance.number() < 0.15 ? null : chance.one(agents),
    createdAt,
    closedAs: !isOld || chance.number() < 0.4 ? null : closing(chance, isReached),
    calls: calls.filter(({ startedAt, seconds }) => startedAt + seconds * 1_000 < now),
  }
}

const closing = (chance: Chance, isReached: boolean): NonNullable<Lead['closedAs']> =>
  isReached ? chance.one(['qualified', 'won', 'won', 'lost']) : chance.one(['lost', 'discarded'])

/** A call as it might have gone. */
export function drawCall(chance: Chance, status: MadeUpCall['status'], startedAt: number): MadeUpCall {
  const hasAnswered = status === 'answered'
  return {
    id: uuidv7({ msecs: startedAt }),
    direction: 'outbound',
    status,
    startedAt,
    seconds: hasAnswered ? chance.between(35, 420) : chance.between(5, 32),
    notes: hasAnswered ? chance.one(SPOKE) : chance.number() < 0.25 ? chance.one(UNHEARD) : null,
  }
}

/** How a call ends that is made now. */
export const drawResult = (chance: Chance): MadeUpCall['status'] => chance.weighted(RESULTS)
