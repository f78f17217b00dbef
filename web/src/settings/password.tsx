import { Alert, Button, Group, Paper, PasswordInput, Stack, Title } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { answered, api } from '../api/client.ts'
import { useLanguage, useTexts } from '../texts/language.ts'
import { ownFault } from './own-fault.ts'
import { SETTINGS_TEXTS } from './texts.ts'

/** Changes one's own password. */
export function Password() {
  const t = useTexts(SETTINGS_TEXTS)
  const { language } = useLanguage()
  const [state, setState] = useState<'open' | 'busy' | 'done'>('open')
  const [fault, setFault] = useState<string | null>(null)

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = event.currentTarget
    const given = new FormData(form)
    const [current_password, new_password] = [String(given.get('current')), String(given.get('new'))]
    if (new_password !== given.get('again')) return setFault(t.differs)
    setState('busy')
    setFault(null)
    try {
      await answered(api.POST('/api/auth/change-password', { body: { current_password, new_password } }))
      form.reset()
      setState('done')
    } catch (error) {
      setFault(ownFault(error, language))
      setState('open')
    }
  }

  return (
    <Paper withBorder p="md" component="section" aria-labelledby="password">
      <Title order={2} size="h4" mb="sm" id="password">
        {t.changePassword}
      </Title>
      <form onSubmit={submit}>
        <Stack maw={420}>
          <PasswordInput name="current" label={t.currentPassword} autoComplete="current-password" required />
          <PasswordInput
            name="new"
            label={t.newPassword}
            description={t.passwordHint}
            autoComplete="new-password"
            minLength={12}
            maxLength={128}
            required
          />
          <PasswordInput name="again" label={t.again} autoComplete="new-password" required />
          {fault !== null && (
            <Alert color="red" role="alert">
              {fault}
            </Alert>
          )}
          {state === 'done' && (
            <Alert color="green" role="status">
              {t.passwordChanged}
            </Alert>
          )}
          <Group>
            <Button type="submit" loading={state === 'busy'}>
              {t.changePassword}
            </Button>
          </Group>
        </Stack>
      </form>
    </Paper>
  )
}
