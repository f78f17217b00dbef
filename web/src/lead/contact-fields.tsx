import { Anchor, Switch, Text } from '@mantine/core'
import { useMemo } from 'react'
import { CopyButton } from '../parts/copy-button.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import { useEdit } from './edit.ts'
import { FieldFrame, TextField } from './field.tsx'
import { lastChangeOf } from './last-change.ts'
import classes from './lead.module.css'
import { ChoiceField } from './opportunity-fields.tsx'
import type { People } from './people.ts'
import { PhonesField } from './phones-field.tsx'
import type { Contact } from './rows.ts'
import { LEAD_TEXTS } from './texts.ts'

interface ContactFieldsProps {
  contact: Contact
  canChange: boolean
  people: People
}

export function ContactFields({ contact, canChange, people }: ContactFieldsProps) {
  const t = useTexts(LEAD_TEXTS)
  const { language } = useLanguage()
  const lastOf = (field: string) => lastChangeOf('contact', contact.id, field, people, language)
  const phones = useEdit('contact', contact, 'phones', t.phones)
  const email = useEdit('contact', contact, 'email', t.email)
  const zone = useEdit('contact', contact, 'timezone', t.zone)
  const optOut = useEdit('contact', contact, 'opt_out', t.optOut)
  const zones = useMemo(() => zonesWith(contact.timezone), [contact.timezone])

  return (
    <>
      <div className={classes.wide}>
        <PhonesField edit={phones} canChange={canChange} lastChange={lastOf('phones')} />
      </div>
      <TextField
        label={t.email}
        type="email"
        edit={email}
        canChange={canChange}
        empty={t.noEmail}
        lastChange={lastOf('email')}
        beside={
          contact.email !== null && (
            <>
              <Anchor href={`mailto:${contact.email}`} size="xs" py={5}>
                {t.write}
              </Anchor>
              <CopyButton text={contact.email} what={contact.email} />
            </>
          )
        }
      />
      <ChoiceField
        label={t.zone}
        edit={zone}
        canChange={canChange}
        options={[{ value: '', label: t.noZone }, ...zones.map((name) => ({ value: name, label: zoneName(name) }))]}
        show={(value) => (value === null || value === '' ? t.noZone : zoneName(value))}
        isOptional
        lastChange={lastOf('timezone')}
        isSearchable
        limit={60}
      />
      <FieldFrame
        label={t.optOut}
        isLabelHidden
        edit={optOut}
        show={(value) => (value ? t.yes : t.no)}
        lastChange={lastOf('opt_out')}
      >
        <Switch
          mt={20}
          label={t.optOut}
          checked={optOut.value}
          disabled={!canChange}
          onChange={(event) => void optOut.save(event.currentTarget.checked)}
        />
        {optOut.value && (
          <Text size="xs" c="dimmed" mt={4}>
            {t.optOutMore}
          </Text>
        )}
      </FieldFrame>
    </>
  )
}

const zoneName = (name: string): string => name.replaceAll('_', ' ')

/** Those that the browser knows, and the contact's own. */
function zonesWith(own: string | null): string[] {
  const known = Intl.supportedValuesOf('timeZone')
  return own === null || known.includes(own) ? known : [own, ...known]
}
