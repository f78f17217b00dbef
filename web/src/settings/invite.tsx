import { Alert, Button, Group, NativeSelect, Paper, TextInput, Title } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { Problem } from '../api/client.ts'
import { wordsOf } from '../parts/fault.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import type { Made } from './link-shown.tsx'
import { invitePerson, ROLES, type Role, usePeopleChange } from './queries.ts'
import { SETTINGS_TEXTS } from './texts.ts'

/** Invites somebody: gives the link by which they set a password. */
export function Invite({ onMade }: { onMade: (made: Made) => void }) {
  const t = useTexts(SETTINGS_TEXTS)
  const { language } = useLanguage()
  const invite = usePeopleChange(invitePerson)
  const [fault, setFault] = useState<string | null>(null)
  const [role, setRole] = useState<Role>('agent')

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = event.currentTarget
    const given = new FormData(form)
    setFault(null)
    try {
      const person = await invite.mutateAsync({
        name: String(given.get('name')),
        email: String(given.get('email')).trim(),
        role,
      })
      form.reset()
      onMade(person)
    } catch (error) {
      const isTaken = error instanceof Problem && error.status === 409
      setFault(isTaken ? t.emailTaken : wordsOf(error, language))
    }
  }

  return (
    <Paper withBorder p="md" component="section" aria-labelledby="invite">
      <Title order={2} size="h4" mb="xs" id="invite">
        {t.invite}
      </Title>
      <form onSubmit={submit}>
        <Group align="end" gap="sm">
          <TextInput name="name" label={t.name} required maxLength={200} flex={1} miw={180} autoComplete="off" />
          <TextInput name="email" type="email" label={t.email} required flex={1} miw={200} autoComplete="off" />
          <NativeSelect
            label={t.role}
            value={role}
            onChange={({ target }) => setRole(ROLES.find((one) => one === target.value) ?? 'agent')}
            data={ROLES.map((value) => ({ value, label: `${t.roles[value]}: ${t.roleHints[value]}` }))}
          />
          <Button type="submit" loading={invite.isPending}>
            {t.makeLink}
          </Button>
        </Group>
        {fault !== null && (
          <Alert color="red" role="alert" mt="sm">
            {fault}
          </Alert>
        )}
      </form>
    </Paper>
  )
}
