import type { InLanguages } from '../texts/language.ts'
import type { FilterName, OUTCOMES } from './filters.ts'

const filters: Record<FilterName, string> = {
  outcome: 'what became of it',
  direction: 'direction',
  call_status: 'result',
  provider: 'provider',
  phone_number: 'number',
  entity_id: 'contact',
  opportunity_id: 'lead',
  started_from: 'from',
  started_to: 'before',
}

const outcomes: Record<(typeof OUTCOMES)[number], string> = {
  registered: 'counted',
  pending: 'not counted yet',
  limit_reached: 'five attempts already',
  first_call_completed: 'first call completed already',
  no_open_opportunity: 'no open opportunity',
  not_outbound: 'did not go out',
  not_a_contact: 'nobody known',
  unknown_contact: 'contact not known here',
}

const en = {
  title: 'Calls',
  filters,
  outcomes,
  all: 'all',
  remove: (what: string) => `Take away: ${what}`,
  clear: 'Take all away',
  none: 'No call is like this.',
  noneMore: 'Take away what narrows the list.',
  noneAtAll: 'There is no call yet. The first one appears as soon as the PBX tells of it, or somebody notes one down.',
  older: 'Older calls',
  open: (number: string, when: string) => `Open the lead of the call to ${number}, ${when}`,
  openLead: 'Open its lead',
  attempt: (number: number) => `Attempt ${number}`,
  unknownNumber: 'number not known',
}

export const CALLS_TEXTS: InLanguages<typeof en> = {
  en,
  es: {
    title: 'Llamadas',
    filters: {
      outcome: 'qué fue de ella',
      direction: 'sentido',
      call_status: 'resultado',
      provider: 'proveedor',
      phone_number: 'número',
      entity_id: 'contacto',
      opportunity_id: 'oportunidad',
      started_from: 'desde',
      started_to: 'antes de',
    },
    outcomes: {
      registered: 'contó',
      pending: 'aún no cuenta',
      limit_reached: 'ya había cinco intentos',
      first_call_completed: 'primera llamada ya completada',
      no_open_opportunity: 'sin oportunidad abierta',
      not_outbound: 'no salió',
      not_a_contact: 'nadie conocido',
      unknown_contact: 'contacto no conocido aquí',
    },
    all: 'todas',
    remove: (what) => `Quitar: ${what}`,
    clear: 'Quitar todo',
    none: 'Ninguna llamada es así.',
    noneMore: 'Quite lo que limita la lista.',
    noneAtAll: 'Aún no hay llamadas. La primera aparece en cuanto la centralita informe de ella, o alguien anote una.',
    older: 'Llamadas anteriores',
    open: (number, when) => `Abrir la oportunidad de la llamada a ${number}, ${when}`,
    openLead: 'Abrir su oportunidad',
    attempt: (number) => `Intento ${number}`,
    unknownNumber: 'número desconocido',
  },
}
