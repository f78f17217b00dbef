import { Button } from '@mantine/core'
import { type InLanguages, useTexts } from '../texts/language.ts'

const TEXTS: InLanguages<{ call: string }> = { en: { call: 'Call' }, es: { call: 'Llamar' } }

/** Calls a number. */
export function CallButton({
  phone,
  size = 'md',
}: {
  phone: string
  contactId: string | null
  size?: 'sm' | 'md' | 'lg'
}) {
  const t = useTexts(TEXTS)
  return (
    <Button component="a" href={`tel:${phone}`} size={size}>
      {t.call}
    </Button>
  )
}
