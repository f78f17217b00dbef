import { type Sentences, sentenceIn } from '../parts/service-words.ts'
import type { Language } from '../texts/language.ts'

/* What the checks of PBX and mailbox say in English, in Spanish. Pure. */

const WHATS: Readonly<Record<string, string>> = {
  'key and secret': 'clave y secreto',
  clock: 'reloj',
  zone: 'zona horaria',
  notifications: 'avisos',
  address: 'dirección',
  echo: 'respuesta',
  'path secret': 'secreto de la dirección',
  senders: 'remitentes',
  mailbox: 'buzón',
  'log-in': 'acceso',
  folder: 'carpeta',
}

const SENTENCES: Sentences = [
  [/^(\S+) accepts them$/, '$1 los acepta'],
  [/^they are not set$/, 'no están puestos'],
  [/^(\S+) cannot be reached: (.+)$/, 'no se llega a $1: $2'],
  [
    /^Make a key for the API in the account’s pages, and set ZADARMA_KEY and ZADARMA_SECRET\.$/,
    'Cree una clave para la API en las páginas de la cuenta, y ponga ZADARMA_KEY y ZADARMA_SECRET.',
  ],
  [
    /^Copy key and secret from the account’s pages anew into ZADARMA_KEY and ZADARMA_SECRET\.$/,
    'Copie de nuevo la clave y el secreto de las páginas de la cuenta a ZADARMA_KEY y ZADARMA_SECRET.',
  ],
  [
    /^See that this machine reaches Zadarma, and that ZADARMA_API_URL is right; then try again\.$/,
    'Compruebe que este equipo llega a Zadarma y que ZADARMA_API_URL es correcta; después inténtelo de nuevo.',
  ],
  [/^it agrees with Zadarma’s$/, 'coincide con el de Zadarma'],
  [/^this machine’s is (\d+) s ahead of Zadarma’s$/, 'el de este equipo va $1 s por delante del de Zadarma'],
  [/^this machine’s is (\d+) s behind Zadarma’s$/, 'el de este equipo va $1 s por detrás del de Zadarma'],
  [/^Set this machine’s clock, best by NTP\.$/, 'Ponga en hora el reloj de este equipo, mejor por NTP.'],
  [/^Zadarma does not tell the account’s$/, 'Zadarma no dice la de la cuenta'],
  [/^Compare ZADARMA_TIMEZONE with the account’s pages\.$/, 'Compare ZADARMA_TIMEZONE con las páginas de la cuenta.'],
  [
    /^the account’s clock is at (\S+), as that of (\S+) is now$/,
    'el reloj de la cuenta está en $1, como ahora el de $2',
  ],
  [
    /^the account’s clock is at (\S+), that of (\S+) at (\S+) now$/,
    'el reloj de la cuenta está en $1, y el de $2 ahora en $3',
  ],
  [
    /^Set ZADARMA_TIMEZONE to the zone that the account’s pages show; else all times of calls are off\.$/,
    'Ponga en ZADARMA_TIMEZONE la zona que muestran las páginas de la cuenta; si no, las horas de todas las llamadas son falsas.',
  ],
  [
    /^See whether the account has a PBX, and try again\.$/,
    'Mire si la cuenta tiene una centralita, e inténtelo de nuevo.',
  ],
  [/^it is switched on$/, 'está activado'],
  [/^it is switched off$/, 'está desactivado'],
  [/^Switch it on with `(.+)`, or in the account’s pages\.$/, 'Actívelo con `$1`, o en las páginas de la cuenta.'],
  [/^Zadarma does not tell whether it is switched on$/, 'Zadarma no dice si está activado'],
  [
    /^See that it is ticked in the account’s pages: only there can it be\.$/,
    'Compruebe que está marcado en las páginas de la cuenta: solo se puede allí.',
  ],
  [/^none is set, so nothing is notified$/, 'no hay ninguna, así que no se avisa de nada'],
  [/^(\S+) is set, and not (\S+)$/, 'está puesta $1, y no $2'],
  [
    /^Set it with `first-call zadarma connect --url <where First Call is reached>`\.$/,
    'Póngala con `first-call zadarma connect --url <donde se llega a First Call>`.',
  ],
  [/^First Call answers at this address$/, 'First Call responde en esta dirección'],
  [/^(.+), as this machine is not one that may notify$/, '$1, pues este equipo no es de los que pueden avisar'],
  [
    /^Nothing, unless this machine’s address should be in ZADARMA_ALLOWED_IPS\.$/,
    'Nada, salvo que la dirección de este equipo deba estar en ZADARMA_ALLOWED_IPS.',
  ],
  [
    /^See that First Call runs with this configuration, that the name leads to it, and that a proxy lets it through\.$/,
    'Compruebe que First Call funciona con esta configuración, que el nombre lleva a él y que un proxy lo deja pasar.',
  ],
  [/^the address has one$/, 'la dirección tiene uno'],
  [/^none$/, 'ninguno'],
  [
    /^Set ZADARMA_WEBHOOK_PATH_SECRET to 16 or more letters and digits, and connect anew\.$/,
    'Ponga en ZADARMA_WEBHOOK_PATH_SECRET 16 letras y cifras o más, y conecte de nuevo.',
  ],
  [/^only (.+)$/, 'solo $1'],
  [/^any address may notify$/, 'cualquier dirección puede avisar'],
  [/^Where no proxy is before First Call, set (\S+)\.$/, 'Si no hay ningún proxy delante de First Call, ponga $1.'],
  [/^(\S+) lets (.+) in$/, '$1 deja entrar a $2'],
  [/^(.+) can be opened$/, '$1 se puede abrir'],
  [/^messages are taken from (.+)$/, 'se aceptan mensajes de $1'],
  [
    /^none is set up, so no recordings come by e-mail$/,
    'no hay ninguno configurado, así que no llegan grabaciones por correo',
  ],
  [
    /^Where the PBX mails its recordings, set MAILBOX_URL such as (\S+)\.$/,
    'Si la centralita envía las grabaciones por correo, ponga MAILBOX_URL, por ejemplo $1.',
  ],
  [
    /^See that user and password in MAILBOX_URL are right\. Some providers ask for a password of its own for programs, or for MAILBOX_OAUTH_…\.$/,
    'Compruebe que el usuario y la contraseña de MAILBOX_URL son correctos. Algunos proveedores piden una contraseña propia para programas, o MAILBOX_OAUTH_….',
  ],
  [
    /^See that this machine reaches the host and port of MAILBOX_URL, and trusts its certificate\.$/,
    'Compruebe que este equipo llega al servidor y al puerto de MAILBOX_URL, y que confía en su certificado.',
  ],
  [/^Try again\.$/, 'Inténtelo de nuevo.'],
  [
    /^See that there is the folder of MAILBOX_FOLDER, and that the account may open it by IMAP\.$/,
    'Compruebe que existe la carpeta de MAILBOX_FOLDER, y que la cuenta puede abrirla por IMAP.',
  ],
]

/** What was looked at, in the reader's language. */
export const checkedWords = (what: string, language: Language): string =>
  language === 'es' ? (WHATS[what] ?? what) : what

/** How it was found, or what to do about it. */
export const checkSentence = (sentence: string, language: Language): string => sentenceIn(sentence, language, SENTENCES)
