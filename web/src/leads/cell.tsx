import { Badge } from '@mantine/core'
import type { ReactNode } from 'react'
import { Pills } from '../parts/pills.tsx'
import { statusWords } from '../parts/status.ts'
import { When } from '../parts/time.tsx'
import { useLanguage } from '../texts/language.ts'
import type { ColumnName } from './columns.ts'
import { type Lead, nameOf } from './lead.ts'
import classes from './leads.module.css'
import type { LeadTexts } from './texts.ts'

/** What stands in a column of a lead. */
export function cellOf(column: ColumnName, lead: Lead, t: LeadTexts, nameOfAgent: (id: string) => string): ReactNode {
  switch (column) {
    case 'name':
      return (
        <>
          {/* The row opens it; a link can be opened beside. */}
          <a href={`/leads/${lead.id}`} tabIndex={-1} className={classes.name} title={nameOf(lead) ?? t.noName}>
            {nameOf(lead) ?? t.noName}
          </a>
          {lead.contact?.opt_out === true && (
            <Badge size="xs" color="gray" variant="light" ml={6} className={classes.fixed ?? ''}>
              {t.optedOut}
            </Badge>
          )}
        </>
      )
    case 'pills':
      return <Pills attempts={lead.first_call_attempts} />
    case 'status':
      return <Status status={lead.status} />
    case 'agent':
      return lead.assigned_to === null ? (
        <span className={classes.quiet}>–</span>
      ) : (
        <bdi title={nameOfAgent(lead.assigned_to)}>{nameOfAgent(lead.assigned_to)}</bdi>
      )
    case 'title':
      return <bdi title={lead.title ?? ''}>{lead.title}</bdi>
    case 'phone':
      return <bdi>{lead.contact?.phones[0]}</bdi>
    case 'source':
      return <bdi title={lead.source ?? ''}>{lead.source}</bdi>
    case 'last':
      return lead.last_contact_attempt_at === null ? (
        <span className={classes.quiet}>{t.never}</span>
      ) : (
        <When at={lead.last_contact_attempt_at} />
      )
    case 'age':
      return <When at={lead.created_at} />
    default:
      return column satisfies never
  }
}

function Status({ status }: { status: string }) {
  const { language } = useLanguage()
  const words = statusWords(status, language)
  return (
    <span className={classes.status} data-status={status} title={words}>
      <bdi>{words}</bdi>
    </span>
  )
}
