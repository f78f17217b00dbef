import { useQuery } from '@tanstack/react-query'
import { answered, api } from '../api/client.ts'
import type { paths } from '../api/schema.d.ts'

/** How PBX, mailbox and inbox are. */
export type ServiceState = paths['/api/crm/state']['get']['responses']['200']['content']['application/json']

const LOOK_EVERY_MS = 30_000

/** Not for agents: the service refuses it to them. */
export function useServiceState(isAllowed = true) {
  return useQuery({
    queryKey: ['state'],
    queryFn: () => answered(api.GET('/api/crm/state')),
    // What no row tells of: that the mailbox is read.
    refetchInterval: LOOK_EVERY_MS,
    enabled: isAllowed,
  })
}
