import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { describeApi } from './description.ts'

it('openapi.json is what the schemas that validate say; `npm run openapi` writes it', async () => {
  const committed = await readFile(path.resolve(import.meta.dirname, '../openapi.json'), 'utf8')
  expect(await describeApi()).toBe(committed)
})

it('the description is OpenAPI 3.1 and knows every address of the API', async () => {
  const { openapi, paths } = JSON.parse(await describeApi())
  expect(openapi).toMatch(/^3\.1\./)
  expect(Object.entries(paths).map(([path, methods]) => `${path} ${Object.keys(methods as object).sort()}`)).toEqual([
    '/api/crm/contacts get,post',
    '/api/crm/contacts/{id} delete,get,patch',
    '/api/crm/opportunities get,post',
    '/api/crm/opportunities/{id} delete,get,patch',
    '/api/crm/calls get,post',
    '/api/crm/calls/batch post',
    '/api/crm/calls/{id} delete,get,patch,put',
  ])
})
