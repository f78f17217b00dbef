import { Button, Group } from '@mantine/core'
import { usePhoneFormat } from '../parts/phone.ts'
import { useTexts } from '../texts/language.ts'
import { CALL_NOW_TEXTS } from './texts.ts'

interface PhoneChoiceProps {
  phones: readonly string[]
  chosen: string
  onChosen: (phone: string) => void
}

/** The other numbers: the one that is pressed is called, and stands in the call. */
export function PhoneChoice({ phones, chosen, onChosen }: PhoneChoiceProps) {
  const t = useTexts(CALL_NOW_TEXTS)
  const format = usePhoneFormat()
  return (
    <Group gap="xs" role="group" aria-label={t.otherNumbers}>
      {phones
        .filter((phone) => phone !== chosen)
        .map((phone) => (
          <Button
            key={phone}
            variant="default"
            size="compact-md"
            onClick={() => onChosen(phone)}
            aria-label={t.numberInstead(format(phone))}
          >
            {format(phone)}
          </Button>
        ))}
    </Group>
  )
}
