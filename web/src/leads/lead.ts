import type { components } from '../api/schema.d.ts'

/** An opportunity with its contact, as the pages show it. */
export type Lead = components['schemas']['OpportunityWithContact']

/** What a person may change of many at once. */
export type LeadChange = { assigned_to: string | null } | { status: string }

/** What a lead is called: its contact's name, else its title, else null. */
export const nameOf = ({ contact, title }: Lead): string | null => contact?.name ?? title
