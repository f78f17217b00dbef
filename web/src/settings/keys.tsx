import { Badge, Button, Paper, Skeleton, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { Confirm, type Question } from '../parts/confirm.tsx'
import { Fault, wordsOf } from '../parts/fault.tsx'
import { formatLongAge, useNow } from '../parts/time.tsx'
import { useLanguage, useTexts } from '../texts/language.ts'
import { NewKey } from './new-key.tsx'
import { type Key, revokeKey, useKeyChange, useKeyList, usePeopleList } from './queries.ts'
import classes from './settings.module.css'
import { SETTINGS_TEXTS } from './texts.ts'

/** What programs use the API with. */
export function Keys() {
  const t = useTexts(SETTINGS_TEXTS)
  const { language } = useLanguage()
  const keys = useKeyList()
  const people = usePeopleList()
  const revoke = useKeyChange(revokeKey)
  const [question, setQuestion] = useState<Question | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  const names = new Map(people.data?.pages.flatMap(({ data }) => data.map(({ id, name }) => [id, name] as const)))
  const all = keys.data?.pages.flatMap(({ data }) => data) ?? []

  const ask = ({ id, name }: Key) => {
    setFault(null)
    setQuestion({
      title: t.revokeKey(name),
      more: t.revokeMore,
      yes: t.revoke,
      isSerious: true,
      run: async () => {
        try {
          await revoke.mutateAsync(id)
          setQuestion(null)
        } catch (error) {
          setFault(wordsOf(error, language))
        }
      },
    })
  }

  return (
    <Stack>
      <Text c="dimmed">{t.keysWhat}</Text>
      <NewKey />
      {keys.isError && <Fault error={keys.error} onRetry={() => void keys.refetch()} />}
      {keys.isPending && <Skeleton h={160} className="late" />}
      {keys.isSuccess && all.length === 0 && <Text>{t.noKeys}</Text>}
      {all.length > 0 && (
        <Paper withBorder px="md">
          <ul className={classes.rows}>
            {all.map((key) => (
              <KeyRow key={key.id} of={key} names={names} onRevoke={ask} />
            ))}
          </ul>
        </Paper>
      )}
      {keys.hasNextPage && (
        <Button variant="default" loading={keys.isFetchingNextPage} onClick={() => void keys.fetchNextPage()}>
          {t.showMore}
        </Button>
      )}
      <Confirm question={question} fault={fault} isBusy={revoke.isPending} onClose={() => setQuestion(null)} />
    </Stack>
  )
}

interface KeyRowProps {
  of: Key
  names: ReadonlyMap<string, string>
  onRevoke: (key: Key) => void
}

function KeyRow({ of: key, names, onRevoke }: KeyRowProps) {
  const t = useTexts(SETTINGS_TEXTS)
  const { language } = useLanguage()
  const now = useNow()
  const day = (moment: string): string =>
    new Intl.DateTimeFormat(language, { dateStyle: 'medium' }).format(new Date(moment))
  const about = [
    t.roles[key.role],
    key.user_id === null ? null : t.actsFor(names.get(key.user_id) ?? key.user_id),
    t.made(day(key.created_at)),
    key.last_used_at === null ? t.neverUsed : t.used(formatLongAge(key.last_used_at, language, now)),
    key.expires_at === null ? null : t.until(day(key.expires_at)),
  ]
  const isAlive = key.state === 'alive'
  return (
    <li className={classes.row}>
      <div className={classes.who}>
        <Text fw={600} dir="auto">
          {key.name}{' '}
          <Text span size="sm" c="dimmed" fw={400} className={classes.secret ?? ''}>
            {key.key}
          </Text>
        </Text>
        <Text size="sm" c="dimmed">
          {about.filter((word) => word !== null).join(' · ')}
        </Text>
      </div>
      <Badge variant="light" color={isAlive ? 'green' : 'gray'}>
        {t.states[key.state]}
      </Badge>
      {isAlive && (
        <Button variant="default" size="xs" onClick={() => onRevoke(key)} aria-label={`${t.revoke}: ${key.name}`}>
          {t.revoke}
        </Button>
      )}
    </li>
  )
}
