import type { Me } from '../session/me.ts'

export default function SettingsPage({ me, part }: { me: Me; part: string | null }) {
  return <>{me.name + part}</>
}
