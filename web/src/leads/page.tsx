import type { Me } from '../session/me.ts'

export default function LeadsPage({ me }: { me: Me }) {
  return <>{me.name}</>
}
