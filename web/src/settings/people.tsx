import { ActionIcon, Alert, Button, Menu, NativeSelect, Paper, Skeleton, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { Problem } from '../api/client.ts'
import { Confirm, type Question } from '../parts/confirm.tsx'
import { Fault, wordsOf } from '../parts/fault.tsx'
import type { Me } from '../session/me.ts'
import { useLanguage, useTexts } from '../texts/language.ts'
import { Invite } from './invite.tsx'
import { LinkShown, type Made } from './link-shown.tsx'
import { changePerson, type Person, ROLES, type Role, resetPerson, usePeopleChange, usePeopleList } from './queries.ts'
import classes from './settings.module.css'
import { SETTINGS_TEXTS } from './texts.ts'

/** Who may log in. */
export function People({ me }: { me: Me }) {
  const t = useTexts(SETTINGS_TEXTS)
  const { language } = useLanguage()
  const people = usePeopleList()
  const change = usePeopleChange(changePerson)
  const reset = usePeopleChange(resetPerson)
  const [made, setMade] = useState<Made | null>(null)
  const [question, setQuestion] = useState<Question | null>(null)
  const [fault, setFault] = useState<string | null>(null)

  const ask = (asked: Question | null) => {
    setFault(null)
    setQuestion(asked)
  }

  /** Does it; what it was refused for is said where it was asked. */
  const carryOut = (work: () => Promise<unknown>, conflict: string) => async () => {
    setFault(null)
    try {
      await work()
      setQuestion(null)
    } catch (error) {
      setFault(error instanceof Problem && error.status === 409 ? conflict : wordsOf(error, language))
    }
  }
  const makeLink = (person: Person, two_factor: boolean) =>
    carryOut(async () => {
      const { link } = await reset.mutateAsync({ id: person.id, two_factor })
      setMade({ ...person, link })
    }, t.enableFirst)

  const actions: RowActions = {
    onRole: (person, role) =>
      ask({
        title: t.changeRole(person.name, t.roles[role]),
        more: t.changeRoleMore,
        yes: t.change,
        run: carryOut(() => change.mutateAsync({ id: person.id, role }), t.lastAdmin),
      }),
    onLink: (person) => ask({ title: t.newLink, more: person.name, yes: t.newLink, run: makeLink(person, false) }),
    onTakeTwoFactor: (person) =>
      ask({
        title: t.takeTwoFactor,
        more: t.takeTwoFactorMore,
        yes: t.takeTwoFactor,
        isSerious: true,
        run: makeLink(person, true),
      }),
    onDisable: (person) =>
      ask({
        title: `${t.disable}: ${person.name}`,
        more: t.disableMore,
        yes: t.disable,
        isSerious: true,
        run: carryOut(() => change.mutateAsync({ id: person.id, disabled: true }), t.lastAdmin),
      }),
    onEnable: (person) => void carryOut(() => change.mutateAsync({ id: person.id, disabled: false }), t.lastAdmin)(),
  }
  const all = people.data?.pages.flatMap(({ data }) => data) ?? []

  return (
    <Stack>
      <Text c="dimmed">{t.peopleWhat}</Text>
      <Invite onMade={setMade} />
      {question === null && fault !== null && (
        <Alert color="red" role="alert" withCloseButton onClose={() => setFault(null)}>
          {fault}
        </Alert>
      )}
      {people.isError && <Fault error={people.error} onRetry={() => void people.refetch()} />}
      {people.isPending && <Skeleton h={160} className="late" />}
      {all.length > 0 && (
        <Paper withBorder px="md">
          <ul className={classes.rows}>
            {all.map((person) => (
              <PersonRow key={person.id} person={person} isMe={person.id === me.id} actions={actions} />
            ))}
          </ul>
        </Paper>
      )}
      {people.hasNextPage && (
        <Button variant="default" loading={people.isFetchingNextPage} onClick={() => void people.fetchNextPage()}>
          {t.showMore}
        </Button>
      )}
      <Confirm
        question={question}
        fault={fault}
        isBusy={change.isPending || reset.isPending}
        onClose={() => ask(null)}
      />
      <LinkShown made={made} onClose={() => setMade(null)} />
    </Stack>
  )
}

interface RowActions {
  onRole: (person: Person, role: Role) => void
  onLink: (person: Person) => void
  onTakeTwoFactor: (person: Person) => void
  onDisable: (person: Person) => void
  onEnable: (person: Person) => void
}

function PersonRow({ person, isMe, actions }: { person: Person; isMe: boolean; actions: RowActions }) {
  const t = useTexts(SETTINGS_TEXTS)
  const state = person.disabled ? t.disabled : person.invited ? t.invited : t.active
  return (
    <li className={classes.row}>
      <div className={classes.who}>
        <Text fw={600} dir="auto">
          {person.name} {isMe && <Text span c="dimmed" fw={400}>{`(${t.you})`}</Text>}
        </Text>
        <Text size="sm" c="dimmed">
          {person.email} · {state}
          {person.two_factor && ` · ${t.withTwoFactor}`}
        </Text>
      </div>
      <NativeSelect
        size="sm"
        aria-label={`${t.role}: ${person.name}`}
        value={person.role}
        onChange={({ target }) => {
          const role = ROLES.find((one) => one === target.value)
          if (role !== undefined) actions.onRole(person, role)
        }}
        data={ROLES.map((value) => ({ value, label: t.roles[value] }))}
      />
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size="lg" aria-label={t.actions(person.name)}>
            ⋯
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {!person.disabled && <Menu.Item onClick={() => actions.onLink(person)}>{t.newLink}</Menu.Item>}
          {!person.disabled && person.two_factor && (
            <Menu.Item onClick={() => actions.onTakeTwoFactor(person)}>{t.takeTwoFactor}</Menu.Item>
          )}
          {person.disabled ? (
            <Menu.Item onClick={() => actions.onEnable(person)}>{t.enable}</Menu.Item>
          ) : (
            <Menu.Item c="var(--mantine-color-error)" onClick={() => actions.onDisable(person)}>
              {t.disable}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
    </li>
  )
}
