export interface Pill {
  lead: string
  /** How many it has now. */
  attempts: number
  /** By the system's clock. */
  at: number
}

export function watchForFirst(selector: string): void
export function watchForFiltered(wanted: { leads: string; status: string }): void
export function isMixed(leads: string): boolean
export function countFrames(): void
export function leadsShown(leads: string): string[]
export function watchPills(leads: string): void
export function shownAt(): number | undefined
