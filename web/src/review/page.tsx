import type { Me } from '../session/me.ts'

export default function ReviewPage({ me }: { me: Me }) {
  return <>{me.name}</>
}
