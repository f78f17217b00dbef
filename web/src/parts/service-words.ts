import type { Language } from '../texts/language.ts'

/*
 * What the service says in English, in Spanish: its refusals, and why the PBX does not call. A sentence that is not among
 * these stays as it is. Pure.
 */

export type Sentences = readonly (readonly [RegExp, string])[]

const SENTENCES: Sentences = [
  // Refusals
  [/^(.+) is calling this lead, and has it until (.+)\.$/, '$1 está llamando a este contacto, y lo tiene hasta $2.'],
  [/^A call with this id or provider key was deleted, and stays deleted\.$/, 'Esta llamada se borró, y queda borrada.'],
  [/^A call with the id \S+ exists already\.$/, 'Esta llamada ya existe.'],
  [/^The contact has (.+), and stays\.$/, 'El contacto aún tiene llamadas u oportunidades, y se queda.'],
  [/^The opportunity has (.+), and stays\.$/, 'La oportunidad aún tiene intentos o llamadas, y se queda.'],
  [/^It was decided already: .+$/, 'Ya está decidido.'],
  [
    /^The call that the message names is there already: .+$/,
    'La llamada de la que habla el correo ya está: vincúlelo a ella.',
  ],
  [/^This person is disabled: enable them first\.$/, 'Esta persona está desactivada: actívela primero.'],
  [/^There is a person with the address (.+)\.$/, 'Ya hay una persona con el correo $1.'],
  [/^The same request is under way\.$/, 'Lo mismo ya está en marcha.'],
  [/^The e-mail was not sent: (.+)$/, 'El correo no se envió: $1'],
  // Why the PBX does not call; what Zadarma says itself stays in its words
  [
    /^To call from here, set ZADARMA_KEY and ZADARMA_SECRET and start again\.$/,
    'Para llamar desde aquí, ponga ZADARMA_KEY y ZADARMA_SECRET e inicie de nuevo.',
  ],
  [/^Zadarma has a fault \(HTTP (\d+)\)(.+)$/, 'Zadarma tiene un fallo (HTTP $1)$2'],
  [/^Zadarma refuses \(HTTP (\d+)\)(.+)$/, 'Zadarma se niega (HTTP $1)$2'],
  [
    /^Zadarma does not accept the key and the secret\. Are ZADARMA_KEY and ZADARMA_SECRET right\?$/,
    'Zadarma no acepta la clave y el secreto. ¿Son correctos ZADARMA_KEY y ZADARMA_SECRET?',
  ],
  [
    /^What answers as Zadarma \(HTTP (\d+)\) does not answer in JSON\. Is ZADARMA_API_URL right\?$/,
    'Lo que responde como Zadarma (HTTP $1) no responde en JSON. ¿Es correcta ZADARMA_API_URL?',
  ],
  [
    /^(\S+) answers with a redirect \(HTTP (\d+)\), which is not followed\. Is ZADARMA_API_URL right\?$/,
    '$1 responde con una redirección (HTTP $2), que no se sigue. ¿Es correcta ZADARMA_API_URL?',
  ],
  [/^Zadarma did not answer in time\.$/, 'Zadarma no respondió a tiempo.'],
  [/^(\S+) did not answer within (\d+) s\.$/, '$1 no respondió en $2 s.'],
  [
    /^The (\d+) requests that Zadarma allows in (\d+) s are used up; try again in a moment\.$/,
    'Las $1 peticiones que Zadarma permite en $2 s están gastadas; inténtelo de nuevo en un momento.',
  ],
  [
    /^Zadarma's rate limit was exceeded(?: \d+ times in a row)?\. Does something else use the same account\?$/,
    'Se superó el límite de peticiones de Zadarma. ¿Usa algo más la misma cuenta?',
  ],
  // Fields
  [/^is not a number of this contact as it is now$/, 'ya no es un número de este contacto'],
  [/^cannot be a telephone number.*$/, 'no puede ser un número de teléfono'],
  [/^is a contact without a telephone number; add one$/, 'no tiene ningún número de teléfono: añada uno'],
  [/^is of no link that can still be used; ask for a new one$/, 'no es de ningún enlace que aún valga: pida uno nuevo'],
  [/^is not your password$/, 'no es la suya'],
]

/** The fields that people fill in. */
const FIELDS: Readonly<Record<string, string>> = {
  name: 'nombre',
  email: 'correo electrónico',
  phones: 'número',
  phone_number: 'número',
  timezone: 'zona horaria',
  title: 'título',
  status: 'estado',
  source: 'origen',
  assigned_to: 'agente',
  extension: 'extensión',
  started_at: 'inicio',
  answered_at: 'contestada',
  ended_at: 'final',
  duration_seconds: 'duración',
  call_status: 'resultado',
  call_result: 'resultado',
  resumen_llamada: 'notas',
  contact_id: 'contacto',
  password: 'contraseña',
  new_password: 'contraseña',
  current_password: 'contraseña',
  token: 'enlace',
  expires_at: 'final',
}

/** A field that was refused, and why. */
export function faultIn({ path, message }: { path: string; message: string }, language: Language): string {
  if (language === 'en') return `${path} ${message}`.trim()
  const [first = ''] = path.split('.')
  const why = sentenceIn(message, language)
  return `${FIELDS[first] ?? path}: ${why === message ? 'no se puede aceptar así' : why}`
}

/**
 * A sentence of the service in the reader's language.
 *
 * @param more those of one page alone
 */
export function sentenceIn(sentence: string, language: Language, more: Sentences = []): string {
  if (language === 'en') return sentence
  const [known, words] = [...more, ...SENTENCES].find(([pattern]) => pattern.test(sentence)) ?? []
  return known === undefined || words === undefined ? sentence : sentence.replace(known, words)
}
