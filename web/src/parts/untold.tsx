import { Alert, Anchor } from '@mantine/core'
import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { type InLanguages, useLanguage, useTexts } from '../texts/language.ts'
import { wordsOf } from './fault.tsx'

const en = {
  notSaved: (name: string) => `It is not saved how the call to ${name} went`,
  sayAgain: 'Say it again',
}

const TEXTS: InLanguages<typeof en> = {
  en,
  es: {
    notSaved: (name) => `No está guardado cómo fue la llamada a ${name}`,
    sayAgain: 'Decirlo otra vez',
  },
}

/** An outcome that could not be saved once its lead was no longer on the screen. */
interface Untold {
  opportunityId: string
  name: string
  error: unknown
}

const UNTOLD = ['untold'] as const

/** Has it told on whichever page is shown. */
export const tellAnywhere = (known: QueryClient, untold: Untold): void => void known.setQueryData(UNTOLD, untold)

/** Where it is told. */
export function UntoldSign() {
  const t = useTexts(TEXTS)
  const { language } = useLanguage()
  const known = useQueryClient()
  const { data: untold = null } = useQuery({
    queryKey: UNTOLD,
    queryFn: (): Untold | null => null,
    enabled: false,
  })
  if (untold === null) return null
  return (
    <Alert
      color="red"
      mb="md"
      role="alert"
      title={t.notSaved(untold.name)}
      withCloseButton
      onClose={() => known.setQueryData(UNTOLD, null)}
    >
      {wordsOf(untold.error, language)} {/* Loaded anew: the page may be open with another lead. */}
      <Anchor href={`/call?lead=${untold.opportunityId}`} size="sm" underline="always">
        {t.sayAgain}
      </Anchor>
    </Alert>
  )
}
