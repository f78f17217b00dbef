import { Select, Text } from '@mantine/core'
import { isKnownStatus, STATUSES, statusWords } from '../parts/status.ts'
import type { Me } from '../session/me.ts'
import { useLanguage, useTexts } from '../texts/language.ts'
import { type Edit, useEdit } from './edit.ts'
import { FieldFrame, TextField } from './field.tsx'
import { lastChangeOf } from './last-change.ts'
import type { People } from './people.ts'
import type { Opportunity } from './rows.ts'
import { LEAD_TEXTS } from './texts.ts'

interface OpportunityFieldsProps {
  opportunity: Opportunity
  canChange: boolean
  me: Me
  people: People
  title: Edit<string | null>
}

export function OpportunityFields({ opportunity, canChange, me, people, title }: OpportunityFieldsProps) {
  const t = useTexts(LEAD_TEXTS)
  const { language } = useLanguage()
  const status = useEdit('opportunity', opportunity, 'status', t.status)
  const agent = useEdit('opportunity', opportunity, 'assigned_to', t.agent)
  const source = useEdit('opportunity', opportunity, 'source', t.source)
  const lastOf = (field: string) => lastChangeOf('opportunity', opportunity.id, field, people, language)
  const nameOf = (id: string): string => {
    const name = people.nameOf(id) ?? id
    return id === me.id ? t.you(name) : name
  }
  // An agent takes a lead, or gives it back.
  const others = me.role === 'agent' ? people.all.filter(({ id }) => id === me.id) : people.all
  const agents = [...new Set([...others.map(({ id }) => id), ...(agent.value === null ? [] : [agent.value])])]
  const statuses = isKnownStatus(status.value) ? STATUSES : [...STATUSES, status.value]

  return (
    <>
      <ChoiceField
        label={t.status}
        edit={status}
        canChange={canChange}
        options={statuses.map((value) => ({ value, label: statusWords(value, language) }))}
        show={(value) => statusWords(value ?? '', language)}
        lastChange={lastOf('status')}
      />
      <ChoiceField
        label={t.agent}
        edit={agent}
        canChange={canChange}
        options={[{ value: '', label: t.nobody }, ...agents.map((id) => ({ value: id, label: nameOf(id) }))]}
        show={(value) => (value === null || value === '' ? t.nobody : nameOf(value))}
        lastChange={lastOf('assigned_to')}
        isOptional
        isSearchable={agents.length > 8}
      />
      <TextField label={t.title} edit={title} canChange={canChange} empty={t.noTitle} lastChange={lastOf('title')} />
      <TextField
        label={t.source}
        edit={source}
        canChange={canChange}
        empty={t.unknownSource}
        lastChange={lastOf('source')}
      />
    </>
  )
}

interface ChoiceFieldProps {
  label: string
  edit: Edit<string | null>
  canChange: boolean
  options: readonly { value: string; label: string }[]
  show: (value: string | null) => string
  lastChange?: Parameters<typeof FieldFrame>[0]['lastChange']
  /** Whether the empty choice is one: it clears. */
  isOptional?: boolean
  isSearchable?: boolean
  isLabelHidden?: boolean
  placeholder?: string
  limit?: number
  isSmall?: boolean
}

/** One of several, saved as it is chosen. */
export function ChoiceField({
  label,
  edit,
  canChange,
  options,
  show,
  lastChange,
  isOptional = false,
  isSearchable = false,
  isLabelHidden = false,
  placeholder,
  limit,
  isSmall = false,
}: ChoiceFieldProps) {
  const save = (value: string | null) => {
    if (value !== null && (value !== '' || isOptional)) void edit.save(value === '' ? null : value)
  }
  return (
    <FieldFrame label={label} edit={edit} show={show} lastChange={lastChange} isLabelHidden={isLabelHidden}>
      {canChange ? (
        <Select
          aria-label={label}
          data={[...options]}
          value={edit.value ?? ''}
          onChange={save}
          allowDeselect={false}
          searchable={isSearchable}
          size={isSmall ? 'xs' : 'sm'}
          variant="filled"
          mt={isSmall ? 0 : 2}
          {...(isSmall ? { w: 170 } : {})}
          comboboxProps={{ withinPortal: true, width: 'max-content', position: 'bottom-start' }}
          {...(placeholder === undefined ? {} : { placeholder })}
          {...(limit === undefined ? {} : { limit })}
        />
      ) : (
        <Text size="sm" component="div" py={3}>
          <bdi>{show(edit.value)}</bdi>
        </Text>
      )}
    </FieldFrame>
  )
}
