import { Alert, Button, Group } from '@mantine/core'
import { Problem } from '../api/client.ts'
import { type InLanguages, type Language, useLanguage, useTexts } from '../texts/language.ts'
import { faultIn, sentenceIn } from './service-words.ts'
import { formatMoment } from './time.tsx'

const en = {
  noAnswer: 'There is no answer. Are you connected?',
  busy: 'The service cannot take it at the moment. Try again in a little while.',
  tooMany: (minutes: number) => `That was too much at once. Try again in ${minutes} min.`,
  gone: 'It is not there, or you may not see it.',
  forbidden: 'Your role does not allow this.',
  changed: 'Somebody else has changed it meanwhile.',
  title: 'This did not work',
  again: 'Try again',
}

const TEXTS: InLanguages<typeof en> = {
  en,
  es: {
    noAnswer: 'No hay respuesta. ¿Tiene conexión?',
    busy: 'El servicio no puede atenderlo en este momento. Inténtelo de nuevo dentro de un poco.',
    tooMany: (minutes) => `Ha sido demasiado de una vez. Inténtelo de nuevo en ${minutes} min.`,
    gone: 'No está, o usted no puede verlo.',
    forbidden: 'Su papel no lo permite.',
    changed: 'Entretanto lo ha cambiado otra persona.',
    title: 'Esto no ha funcionado',
    again: 'Intentar de nuevo',
  },
}

/** As the service writes moments. */
const MOMENT = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/g

/** What went wrong, for a person. The service's own words say which field. */
export function wordsOf(error: unknown, language: Language): string {
  const t = TEXTS[language]
  if (!(error instanceof Problem)) return t.noAnswer
  if (error.status === 429) return t.tooMany(Math.ceil((error.retryAfter ?? 60) / 60))
  if (error.status === 403) return t.forbidden
  if (error.status === 404 || error.status === 410) return t.gone
  if (error.status === 412) return t.changed
  if (error.status >= 500) return t.busy
  const faults = error.faults.map((fault) => faultIn(fault, language))
  const words = faults.length === 0 ? sentenceIn(error.message, language) : faults.join('\n')
  return words.replace(MOMENT, (moment) => formatMoment(moment, language))
}

/** In the place of what could not be shown, with a way on. */
export function Fault({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const t = useTexts(TEXTS)
  const { language } = useLanguage()
  return (
    <Alert color="red" title={t.title} role="alert">
      {wordsOf(error, language)}
      {onRetry !== undefined && (
        <Group mt="sm">
          <Button size="xs" variant="light" color="red" onClick={onRetry}>
            {t.again}
          </Button>
        </Group>
      )}
    </Alert>
  )
}
