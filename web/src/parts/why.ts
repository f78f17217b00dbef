import type { components } from '../api/schema.d.ts'

/* Why a call counted or did not, for a person (rules A1 to A5, B8, B16). Pure. */

type Call = components['schemas']['Call']

/** Of a call what its reasons are made of. */
export type Reasoned = Pick<Call, 'attempt' | 'link' | 'phone_number' | 'direction' | 'entity_type' | 'entity_id'>

/** The opportunity whose page is read: its own attempts are told otherwise than those of another; null where there is none. */
export type Here = string | null

const en = {
  counted: 'Why it counted: ',
  notCounted: 'Why it did not count: ',
  waits: 'Not counted yet: ',
  registeredHere: (number: number) =>
    `it went out to this contact, whose newest open opportunity is this one: it is attempt ${number} of it.`,
  registeredElsewhere: (number: number) =>
    `it went out to this contact, and is attempt ${number} of another opportunity, the newest that was open then.`,
  registered: (number: number) =>
    `it went out to a contact, and is attempt ${number} of the newest opportunity that was open then.`,
  registeredUnnumbered: 'it went out to a contact with an open opportunity. Which number it has is told in a moment.',
  limitHere: 'five attempts had been made already.',
  limitElsewhere: 'five attempts had been made already at another opportunity, the newest that was open then.',
  completedHere: 'somebody had spoken with them already, which completed the first call.',
  completedElsewhere: 'at another opportunity, the newest one then, the first call was completed already.',
  noOpen:
    'the contact had no open opportunity when the call was saved. It is looked at again when it is changed, or when the history is gone through.',
  inbound: 'it came in. Only calls that go out are attempts.',
  internal: 'it was between colleagues. Only calls that go out are attempts.',
  noContact: 'nobody is known to whom it went.',
  notContact: (kind: string) => `it went to something else than a contact (${kind}).`,
  unknownContact:
    'neither a contact nor an opportunity is known here with the id that it was saved with. It counts once there is an opportunity, and the call is changed or the history gone through.',
  pending: 'something went wrong when its attempt was registered. It is tried again by itself until it succeeds.',
  dial: 'Linked to the contact for whom somebody asked for this call.',
  number: (number: string) => `Linked by its number ${number}, which only this contact has.`,
  open: (number: string, count: number) =>
    `Linked by its number ${number}: of ${count} contacts with it, the one with an open opportunity.`,
  newestOpen: (number: string, count: number) =>
    `Linked by its number ${number}: of ${count} contacts with it, the one whose open opportunity is the newest.`,
  newestContact: (number: string, count: number) =>
    `Linked by its number ${number}: of ${count} contacts with it, none with an open opportunity, the one made last. Whether it is them is doubtful.`,
}

const es: typeof en = {
  counted: 'Por qué contó: ',
  notCounted: 'Por qué no contó: ',
  waits: 'Aún no cuenta: ',
  registeredHere: (number) =>
    `se hizo a este contacto, cuya oportunidad abierta más nueva es esta: es su intento ${number}.`,
  registeredElsewhere: (number) =>
    `se hizo a este contacto, y es el intento ${number} de otra oportunidad, la más nueva que estaba abierta entonces.`,
  registered: (number) =>
    `se hizo a un contacto, y es el intento ${number} de la oportunidad más nueva que estaba abierta entonces.`,
  registeredUnnumbered: 'se hizo a un contacto con una oportunidad abierta. Su número se sabrá en un momento.',
  limitHere: 'ya se habían hecho cinco intentos.',
  limitElsewhere: 'ya se habían hecho cinco intentos en otra oportunidad, la más nueva que estaba abierta entonces.',
  completedHere: 'ya se había hablado con la persona, y con eso la primera llamada estaba completada.',
  completedElsewhere: 'en otra oportunidad, entonces la más nueva, la primera llamada ya estaba completada.',
  noOpen:
    'el contacto no tenía ninguna oportunidad abierta cuando se guardó. Se mira de nuevo cuando se cambie, o al repasar el historial.',
  inbound: 'fue recibida. Solo las llamadas que salen son intentos.',
  internal: 'fue entre compañeros. Solo las llamadas que salen son intentos.',
  noContact: 'no se sabe a quién se hizo.',
  notContact: (kind) => `se hizo a algo que no es un contacto (${kind}).`,
  unknownContact:
    'aquí no se conoce ningún contacto ni oportunidad con el id con que se guardó. Contará en cuanto haya una oportunidad y la llamada se cambie o se repase el historial.',
  pending: 'algo falló al registrar su intento. Se vuelve a intentar solo hasta que salga bien.',
  dial: 'Vinculada al contacto para quien alguien pidió esta llamada.',
  number: (number) => `Vinculada por su número ${number}, que solo tiene este contacto.`,
  open: (number, count) =>
    `Vinculada por su número ${number}: de ${count} contactos que lo tienen, el que tiene una oportunidad abierta.`,
  newestOpen: (number, count) =>
    `Vinculada por su número ${number}: de ${count} contactos que lo tienen, el de la oportunidad abierta más nueva.`,
  newestContact: (number, count) =>
    `Vinculada por su número ${number}: de ${count} contactos que lo tienen, ninguno con una oportunidad abierta, el creado el último. No es seguro que sea esa persona.`,
}

const SENTENCES = { en, es }

/**
 * Why the call counted or did not, and why it is this contact's, each in a sentence.
 *
 * @param shown the call's number as it is to be read; its own where it is left out
 */
export function whyOf(call: Reasoned, language: keyof typeof SENTENCES, here: Here, shown?: string): string[] {
  const t = SENTENCES[language]
  const { outcome } = call.attempt
  const lead = outcome === 'registered' ? t.counted : outcome === 'pending' ? t.waits : t.notCounted
  const link = linkWords(call, t, shown)
  return [lead + reasonOf(call, t, here), ...(link === null ? [] : [link])]
}

function reasonOf({ attempt, direction, entity_type, entity_id }: Reasoned, t: typeof en, here: Here): string {
  const isHere = here === null || attempt.opportunity_id === null || attempt.opportunity_id === here
  switch (attempt.outcome) {
    case 'registered':
      if (attempt.number === null) return t.registeredUnnumbered
      if (here === null) return t.registered(attempt.number)
      return isHere ? t.registeredHere(attempt.number) : t.registeredElsewhere(attempt.number)
    case 'limit_reached':
      return isHere ? t.limitHere : t.limitElsewhere
    case 'first_call_completed':
      return isHere ? t.completedHere : t.completedElsewhere
    case 'no_open_opportunity':
      return t.noOpen
    case 'not_outbound':
      return direction === 'internal' ? t.internal : t.inbound
    case 'not_a_contact':
      return entity_id === null || entity_type === null || entity_type === 'contacts'
        ? t.noContact
        : t.notContact(entity_type)
    case 'unknown_contact':
      return t.unknownContact
    case 'pending':
      return t.pending
    default:
      return attempt.outcome satisfies never
  }
}

/** Null where no machine linked it, or in a way that is not known here. */
function linkWords({ link, phone_number }: Reasoned, t: typeof en, shown = phone_number ?? ''): string | null {
  const count = link?.candidates.length ?? 0
  switch (link?.how) {
    case 'dial':
      return t.dial
    case 'number':
      return t.number(shown)
    case 'open_opportunity':
      return t.open(shown, count)
    case 'newest_open_opportunity':
      return t.newestOpen(shown, count)
    case 'newest_contact':
      return t.newestContact(shown, count)
    default:
      return null
  }
}
