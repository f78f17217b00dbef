import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { answered, api } from '../api/client.ts'
import { Doors } from '../coverage/doors.tsx'
import { Fault } from '../parts/fault.tsx'
import { useServiceState } from '../parts/service-state.ts'
import { Sign } from '../parts/sign.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import { checkedWords, checkSentence } from './check-words.ts'
import classes from './settings.module.css'
import { SETTINGS_TEXTS } from './texts.ts'

/** How the doors are, what is wrong with them and what to do, and how long things are kept. */
export function System() {
  const t = useTexts(SETTINGS_TEXTS)
  const state = useServiceState()
  return (
    <Stack>
      <Doors canSetUp={false} />
      <CheckPanel
        title={t.checkPbx}
        more={t.checkPbxMore}
        ask={() => answered(api.POST('/api/admin/checks/zadarma'))}
      />
      <CheckPanel
        title={t.checkMailbox}
        more={t.checkMailboxMore}
        ask={() => answered(api.POST('/api/admin/checks/mailbox'))}
      />
      {state.data !== undefined && (
        <Paper withBorder p="md" component="section">
          <Title order={2} size="h4" mb="xs">
            {t.retention}
          </Title>
          <Text size="sm">{t.recordingsKept(state.data.retention.recordings_days)}</Text>
          <Text size="sm">{t.inboxKept(state.data.retention.inbox_days)}</Text>
          <Text size="sm">{t.mailsKept(state.data.retention.mail_days)}</Text>
        </Paper>
      )}
    </Stack>
  )
}

interface Check {
  what: string
  ok: boolean | null
  detail: string
  todo: string | null
}

function CheckPanel({ title, more, ask }: { title: string; more: string; ask: () => Promise<{ data: Check[] }> }) {
  const t = useTexts(SETTINGS_TEXTS)
  const { language } = useLanguage()
  const check = useMutation({ mutationFn: ask })
  return (
    <Paper withBorder p="md" component="section">
      <Group justify="space-between" align="start">
        <div>
          <Title order={2} size="h4">
            {title}
          </Title>
          <Text size="sm" c="dimmed">
            {more}
          </Text>
        </div>
        <Button
          variant="default"
          loading={check.isPending}
          onClick={() => check.mutate()}
          aria-label={`${t.checkNow}: ${title}`}
        >
          {t.checkNow}
        </Button>
      </Group>
      <div aria-live="polite">
        {check.isError && <Fault error={check.error} />}
        {check.data?.data.every(({ ok }) => ok !== false) && (
          <Text fw={600} mt="sm">
            {t.allGood}
          </Text>
        )}
        {check.data?.data.map(({ what, ok, detail, todo }) => (
          <div key={`${what} ${detail}`} className={classes.check}>
            <Sign kind={ok === null ? 'attention' : ok ? 'good' : 'bad'} />
            <div className={classes.checked}>
              <Text size="sm">
                <b>{checkedWords(what, language)}</b>: {checkSentence(detail, language)}
              </Text>
              {todo !== null && <Text size="sm">→ {checkSentence(todo, language)}</Text>}
            </div>
          </div>
        ))}
      </div>
    </Paper>
  )
}
