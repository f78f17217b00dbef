import type { Me } from '../session/me.ts'

export default function BoardPage({ me }: { me: Me }) {
  return <>{me.name}</>
}
