import type { Me } from '../session/me.ts'

export default function LeadPage({ id, me }: { id: string; me: Me }) {
  return <>{id + me.name}</>
}
