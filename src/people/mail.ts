import { HOURS, type LinkKind } from './links.ts'
import type { SmtpConfig } from './smtp.ts'

/** How e-mails are sent. */
export interface MailSender {
  smtp: SmtpConfig
  /** The address that they come from. */
  from: string
}

const PATIENCE_MS = 5_000

/**
 * Sends the link by which a person sets a password, as plain text in Spanish and English.
 *
 * @returns why it was not sent, in words, or null
 */
export async function sendLink(
  { smtp, from }: MailSender,
  { name, email }: { name: string; email: string },
  kind: LinkKind,
  address: string,
): Promise<string | null> {
  const { createTransport } = await import('nodemailer')
  const transport = createTransport({
    host: smtp.host,
    port: smtp.port,
    secure: smtp.isTlsFromStart,
    requireTLS: smtp.isTlsNeeded,
    ignoreTLS: !smtp.isTlsNeeded,
    ...(smtp.user === null ? {} : { auth: { user: smtp.user, pass: smtp.password ?? '' } }),
    connectionTimeout: PATIENCE_MS,
    greetingTimeout: PATIENCE_MS,
    socketTimeout: PATIENCE_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const { subject, text } = WORDS[kind]
  try {
    await transport.sendMail({ from, to: { name, address: email }, subject, text: text(name, address) })
    return null
  } catch (error) {
    return `The e-mail was not sent: ${wordsOf(error, smtp.password)}.`
  } finally {
    transport.close()
  }
}

/** On one line; the server's words may be anything, and are not to repeat the password. */
function wordsOf(error: unknown, password: string | null): string {
  const text = error instanceof Error ? error.message : String(error)
  const withoutPassword = password ? text.replaceAll(password, '…') : text
  return withoutPassword.replace(/\s+/g, ' ').slice(0, 200).replace(/\.$/, '')
}

const WORDS: Readonly<Record<LinkKind, { subject: string; text: (name: string, address: string) => string }>> = {
  invitation: {
    subject: 'Invitación a First Call / Invitation to First Call',
    text: (name, address) => `Hola, ${name}:

Tienes una cuenta en First Call. Pon tu contraseña aquí:

${address}

El enlace sirve una vez, durante ${HOURS.invitation} horas. Si no lo esperabas, no hagas nada.

---

Hello ${name},

You have an account at First Call. Set your password here:

${address}

The link works once, for ${HOURS.invitation} hours. If you did not expect it, do nothing.
`,
  },
  reset: {
    subject: 'Nueva contraseña de First Call / New password for First Call',
    text: (name, address) => `Hola, ${name}:

Pon una contraseña nueva de First Call aquí:

${address}

El enlace sirve una vez, durante ${HOURS.reset} hora. Si no lo esperabas, no hagas nada: la contraseña de antes sigue igual.

---

Hello ${name},

Set a new password for First Call here:

${address}

The link works once, for ${HOURS.reset} hour. If you did not expect it, do nothing: your password stays as it is.
`,
  },
}
