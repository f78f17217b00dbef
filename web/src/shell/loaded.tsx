import { type ReactNode, Suspense } from 'react'
import { useLocation } from 'wouter'
import { Broken } from './broken.tsx'

/** What is in it is there as soon as it is loaded; where it cannot be, it says so in its place. */
export function Loaded({ meanwhile, children }: { meanwhile: ReactNode; children: ReactNode }) {
  const [at] = useLocation()
  return (
    <Broken at={at}>
      <Suspense fallback={meanwhile}>{children}</Suspense>
    </Broken>
  )
}
