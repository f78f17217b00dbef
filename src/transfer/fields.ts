/** What a file brings. */
export type Kind = 'contacts' | 'opportunities' | 'calls'

/** How a cell is read. */
type Shape =
  | 'id'
  | 'contact id'
  | 'entity id'
  | 'text'
  | 'code'
  | 'phone'
  | 'phones'
  | 'time'
  | 'yes or no'
  | 'seconds'
  | 'attempts'

export interface Field {
  shape: Shape
  /** What else its column is called, folded: without accents, in lower case, `_` for anything but letters and digits. */
  synonyms: readonly string[]
  /** Without a column for it no line can be taken. */
  isRequired?: true
  /** Several columns may make it, joined in their order. */
  isJoined?: true
  /** What its values are called elsewhere, folded likewise. */
  words?: Readonly<Record<string, string>>
}

const text = (...synonyms: string[]): Field => ({ shape: 'text', synonyms })
const time = (...synonyms: string[]): Field => ({ shape: 'time', synonyms })

const CREATED = ['fecha_creacion', 'fecha_de_creacion', 'fecha_alta', 'fecha_de_alta', 'alta', 'creado', 'creado_el']

/** The fields of each kind, with the names that Spanish and English spreadsheets give them. */
export const FIELDS: Readonly<Record<Kind, Readonly<Record<string, Field>>>> = {
  contacts: {
    id: { shape: 'id', synonyms: ['contact_id', 'contacto_id', 'id_contacto', 'id_cliente', 'codigo'] },
    name: {
      ...text('nombre', 'nombre_completo', 'nombre_y_apellidos', 'apellido', 'apellidos', 'primer_apellido'),
      isRequired: true,
      isJoined: true,
    },
    phones: {
      shape: 'phones',
      synonyms: [
        'telefono',
        'telefonos',
        'telefono_1',
        'telefono_2',
        'telefono_3',
        'telefono_fijo',
        'telefono_movil',
      ].concat(['tel', 'fijo', 'movil', 'celular', 'phone', 'phone_number', 'mobile', 'numero']),
      isJoined: true,
    },
    email: text('correo', 'correo_electronico', 'mail', 'e_mail'),
    timezone: text('zona_horaria', 'huso_horario', 'time_zone'),
    opt_out: { shape: 'yes or no', synonyms: ['no_llamar', 'baja', 'robinson', 'lista_robinson'] },
    created_at: time('fecha', ...CREATED),
  },
  opportunities: {
    id: { shape: 'id', synonyms: ['opportunity_id', 'oportunidad_id', 'id_oportunidad'] },
    contact_id: {
      shape: 'contact id',
      synonyms: ['contact', 'contacto', 'contacto_id', 'id_contacto', 'cliente_id', 'id_cliente'],
      isRequired: true,
    },
    title: text('titulo', 'nombre', 'name', 'asunto', 'oportunidad'),
    status: {
      ...text('estado', 'etapa', 'fase'),
      words: {
        pendiente: 'pending',
        nueva: 'pending',
        nuevo: 'pending',
        asignada: 'assigned',
        asignado: 'assigned',
        contactada: 'contacted',
        contactado: 'contacted',
        cualificada: 'qualified',
        cualificado: 'qualified',
        ganada: 'won',
        ganado: 'won',
        perdida: 'lost',
        perdido: 'lost',
        descartada: 'discarded',
        descartado: 'discarded',
      },
    },
    assigned_to: text('asignado_a', 'asignada_a', 'asignado', 'comercial', 'agente', 'responsable', 'owner'),
    source: text('origen', 'fuente', 'procedencia'),
    created_at: time('fecha', ...CREATED),
    first_call_attempts: { shape: 'attempts', synonyms: ['intentos', 'intentos_de_llamada'] },
    first_call_completed: {
      shape: 'yes or no',
      synonyms: ['completada', 'primera_llamada_completada', 'primera_llamada'],
    },
  },
  calls: {
    id: { shape: 'id', synonyms: ['call_id', 'llamada_id', 'id_llamada'] },
    entity_type: {
      ...text('tipo_entidad', 'tipo_de_entidad'),
      words: { contact: 'contacts', contacto: 'contacts', contactos: 'contacts' },
    },
    entity_id: { shape: 'entity id', synonyms: ['entidad_id', 'id_entidad'] },
    contact_id: { shape: 'contact id', synonyms: ['contact', 'contacto', 'contacto_id', 'id_contacto', 'id_cliente'] },
    direction: {
      ...text('direccion', 'sentido', 'tipo', 'tipo_de_llamada'),
      isRequired: true,
      words: {
        saliente: 'outbound',
        salida: 'outbound',
        realizada: 'outbound',
        outgoing: 'outbound',
        entrante: 'inbound',
        entrada: 'inbound',
        recibida: 'inbound',
        incoming: 'inbound',
        interna: 'internal',
        interno: 'internal',
      },
    },
    call_status: {
      ...text('estado', 'status', 'estado_llamada', 'estado_de_la_llamada'),
      words: {
        completada: 'completed',
        finalizada: 'completed',
        contestada: 'answered',
        respondida: 'answered',
        atendida: 'answered',
        no_contesta: 'no_answer',
        no_contestada: 'no_answer',
        no_atendida: 'no_answer',
        sin_respuesta: 'no_answer',
        no_answer: 'no_answer',
        ocupado: 'busy',
        comunica: 'busy',
        comunicando: 'busy',
        rechazada: 'rejected',
        fallida: 'failed',
      },
    },
    call_result: text('resultado', 'resultado_llamada', 'resultado_de_la_llamada'),
    resumen_llamada: text('resumen', 'notas', 'nota', 'observaciones', 'comentarios', 'notes', 'summary'),
    phone_number: { shape: 'phone', synonyms: ['telefono', 'numero', 'movil', 'tel', 'phone', 'numero_de_telefono'] },
    extension: { shape: 'code', synonyms: ['ext', 'extension_agente'] },
    started_at: {
      ...time('fecha', 'hora', 'fecha_hora', 'fecha_y_hora', 'inicio', 'fecha_inicio', 'hora_inicio', 'fecha_llamada'),
      isJoined: true,
    },
    answered_at: time('contestada_el', 'contestada_a_las', 'hora_respuesta'),
    ended_at: time('fin', 'fecha_fin', 'hora_fin'),
    duration_seconds: {
      shape: 'seconds',
      synonyms: ['duracion', 'duracion_segundos', 'duracion_s', 'segundos', 'duration', 'seconds'],
    },
    provider: text('proveedor'),
    provider_call_id: { shape: 'code', synonyms: ['pbx_call_id', 'id_proveedor'] },
    created_at: time('created', ...CREATED),
  },
}

/** What First Call derives or keeps by itself, and takes from nobody. */
export const DERIVED: Readonly<Record<Kind, readonly string[]>> = {
  contacts: ['updated_at', 'revision'],
  opportunities: ['first_call_successful_attempt', 'last_contact_attempt_at', 'updated_at', 'revision'],
  calls: ['attempt', 'link', 'recordings', 'updated_at', 'revision'],
}

/** A name as it is compared: without accents, in lower case, `_` for anything but letters and digits. */
export function foldName(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_|_$/g, '')
}
