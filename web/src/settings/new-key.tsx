import { Alert, Button, Group, NativeSelect, Paper, Stack, Text, TextInput, Title } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { wordsOf } from '../parts/fault.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import { makeKey, ROLES, useKeyChange, usePeopleList } from './queries.ts'
import { SecretField } from './secret-field.tsx'
import { SETTINGS_TEXTS } from './texts.ts'

/** Makes a key, and shows it this once. */
export function NewKey() {
  const t = useTexts(SETTINGS_TEXTS)
  const { language } = useLanguage()
  const make = useKeyChange(makeKey)
  const people = usePeopleList()
  const [fault, setFault] = useState<string | null>(null)
  const [key, setKey] = useState<string | null>(null)
  const all = people.data?.pages.flatMap(({ data }) => data) ?? []

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = event.currentTarget
    const given = new FormData(form)
    const [person, end] = [String(given.get('person')), String(given.get('end'))]
    setFault(null)
    setKey(null)
    try {
      const made = await make.mutateAsync({
        name: String(given.get('name')),
        role: ROLES.find((one) => one === given.get('role')) ?? 'viewer',
        user_id: person === '' ? null : person,
        expires_at: end === '' ? null : endOf(end),
      })
      form.reset()
      setKey(made.key)
    } catch (error) {
      setFault(wordsOf(error, language))
    }
  }

  return (
    <Paper withBorder p="md" component="section" aria-labelledby="new-key">
      <Title order={2} size="h4" mb="xs" id="new-key">
        {t.newKey}
      </Title>
      <form onSubmit={submit}>
        <Group align="end" gap="sm">
          <TextInput name="name" label={t.keyName} required maxLength={200} flex={1} miw={180} autoComplete="off" />
          <NativeSelect name="role" label={t.role} data={ROLES.map((value) => ({ value, label: t.roles[value] }))} />
          <NativeSelect
            name="person"
            label={t.person}
            data={[{ value: '', label: t.nobody }, ...all.map(({ id, name }) => ({ value: id, label: name }))]}
          />
          <TextInput name="end" type="date" label={t.end} />
          <Button type="submit" loading={make.isPending}>
            {t.make}
          </Button>
        </Group>
      </form>
      {fault !== null && (
        <Alert color="red" role="alert" mt="sm">
          {fault}
        </Alert>
      )}
      {key !== null && (
        <Alert color="green" title={t.keyMade} mt="sm" role="status">
          <Stack gap="xs">
            <Text size="sm">{t.keyOnce}</Text>
            <SecretField label={t.keyMade} value={key} />
            <Group>
              <Button variant="default" size="xs" onClick={() => setKey(null)}>
                {t.close}
              </Button>
            </Group>
          </Stack>
        </Alert>
      )}
    </Paper>
  )
}

/** The last moment of a day in the reader's zone. */
function endOf(day: string): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(year, month - 1, date + 1, 0, 0, 0, -1).toISOString()
}
