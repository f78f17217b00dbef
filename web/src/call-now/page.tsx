import type { Me } from '../session/me.ts'

export default function CallNowPage({ me }: { me: Me }) {
  return <>{me.name}</>
}
