import { answered, api } from '../api/client.ts'
import type { components } from '../api/schema.d.ts'

type Schemas = components['schemas']
export type Opportunity = Schemas['Opportunity']
export type Contact = Schemas['Contact']
export type Call = Schemas['Call']

/** What is edited here, by the first word of its queries' keys. */
export interface Rows {
  opportunity: Opportunity
  contact: Contact
  call: Call
}

interface Changes {
  opportunity: Schemas['OpportunityChanges']
  contact: Schemas['ContactChanges']
  call: Schemas['CallChanges']
}

export type Kind = keyof Rows
export type ChangesOf<K extends Kind> = Changes[K]
/** A field that a person may change. */
export type FieldOf<K extends Kind> = keyof Changes[K] & keyof Rows[K] & string

interface Door<K extends Kind> {
  read(id: string): Promise<Rows[K]>
  /** Changes it only where it still has the revision that was shown. */
  change(id: string, changes: Changes[K], revision: number): Promise<Rows[K]>
}

const at = (id: string) => ({ params: { path: { id } } })
const ifStill = (id: string, revision: number) => ({
  params: { path: { id }, header: { 'If-Match': `"${revision}"` } },
})

/** Where each is read and changed. */
export const DOORS: { readonly [K in Kind]: Door<K> } = {
  opportunity: {
    read: (id) => answered(api.GET('/api/crm/opportunities/{id}', at(id))),
    change: (id, body, revision) =>
      answered(api.PATCH('/api/crm/opportunities/{id}', { ...ifStill(id, revision), body })),
  },
  contact: {
    read: (id) => answered(api.GET('/api/crm/contacts/{id}', at(id))),
    change: (id, body, revision) => answered(api.PATCH('/api/crm/contacts/{id}', { ...ifStill(id, revision), body })),
  },
  call: {
    read: (id) => answered(api.GET('/api/crm/calls/{id}', at(id))),
    change: (id, body, revision) => answered(api.PATCH('/api/crm/calls/{id}', { ...ifStill(id, revision), body })),
  },
}

/** Deletes a call, only where it still is as it was shown. */
export const deleteCall = ({ id, revision }: Call): Promise<undefined> =>
  answered(api.DELETE('/api/crm/calls/{id}', ifStill(id, revision)))
