/** Where it is told who changed what. */
export const HISTORIES = {
  opportunity: '/api/crm/opportunities/{id}/history',
  contact: '/api/crm/contacts/{id}/history',
  call: '/api/crm/calls/{id}/history',
} as const
