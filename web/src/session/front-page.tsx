import { Center, Paper, Stack, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTitle } from '../parts/title.ts'

/** What is seen before somebody is logged in. */
export function FrontPage({ title, children }: { title: string; children: ReactNode }) {
  useTitle(title)
  return (
    <Center component="main" mih="100dvh" p="md">
      <Paper w="100%" maw={400} p="xl" withBorder>
        <Stack>
          <img src="/assets/icon.svg" alt="First Call" width={40} height={40} />
          <Title order={1} size="h3">
            {title}
          </Title>
          {children}
        </Stack>
      </Paper>
    </Center>
  )
}
