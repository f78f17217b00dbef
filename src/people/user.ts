import type { Role } from '../auth/caller.ts'
import type { Instant } from '../time.ts'

/** A person who may log in. */
export interface User {
  id: string
  name: string
  /** In lower case. */
  email: string
  role: Role
  isDisabled: boolean
  /** Whether a password was set: until then there is only an invitation. */
  hasPassword: boolean
  hasTwoFactor: boolean
  createdAt: Instant
  updatedAt: Instant
}

/** What is left out stays as it is. */
export interface UserChange {
  role?: Role | undefined
  isDisabled?: boolean | undefined
}

/** Who can log in as an admin now. */
const isActingAdmin = ({ role, isDisabled, hasPassword }: User): boolean =>
  role === 'admin' && !isDisabled && hasPassword

/** Said where {@link losesLastAdmin}. */
export const LAST_ADMIN =
  'Nobody else can log in as an admin. Make somebody else an admin first, who has to have set a password.'

/** Whether the change would leave nobody who can log in as an admin. */
export function losesLastAdmin(user: User, change: UserChange, others: readonly User[]): boolean {
  const after = {
    ...user,
    role: change.role ?? user.role,
    isDisabled: change.isDisabled ?? user.isDisabled,
  }
  return isActingAdmin(user) && !isActingAdmin(after) && !others.some(isActingAdmin)
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Who is meant by an id, which is kept in lower case as all are, or by the words of another system, which stay as they are. */
export const personNamed = (who: string): string => (ID.test(who) ? who.toLowerCase() : who)
