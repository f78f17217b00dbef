import { sql } from 'kysely'

/**
 * This moment by the database's clock, as a column keeps it: cut to milliseconds. Rounded, it might lie ahead, and what is
 * due at once would not be due yet.
 */
export const THIS_MOMENT = sql<string>`date_trunc('milliseconds', clock_timestamp())`
