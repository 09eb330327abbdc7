/** Writes what is generated: pages of `docs/`, tables of `native/`. With `--check` it only says which of them are out of date. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { administrationPage } from './docs/administration-page.ts'
import { cliPage } from './docs/cli-page.ts'
import { errorsPage } from './docs/errors-page.ts'
import { openApi } from './docs/open-api.ts'
import { operationsPage } from './docs/operations-page.ts'
import { pkcs11Page } from './docs/pkcs11-page.ts'
import { recordsPage } from './docs/records-page.ts'
import { attributeKinds, callsHeader, mechanismLayouts } from './native/tables.ts'

const GENERATED: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/reference/cli.md': cliPage,
  'docs/reference/strongroom.md': administrationPage,
  'docs/reference/errors.md': errorsPage,
  'docs/reference/operations.md': operationsPage,
  'docs/reference/openapi.json': openApi,
  'docs/reference/pkcs11.md': pkcs11Page,
  'docs/reference/records.md': recordsPage,
  'native/pkcs11/generated/rpc_calls.h': callsHeader,
  'native/pkcs11/generated/attribute_kinds.inc': attributeKinds,
  'native/pkcs11/generated/mechanism_layouts.inc': mechanismLayouts,
}

const check = process.argv.includes('--check')
for (const [path, render] of Object.entries(GENERATED)) {
  const text = await render()
  if (text === current(path)) continue
  if (check) {
    console.error(`${path} is out of date: run "npm run fix"`)
    process.exitCode = 1
  } else {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    console.log(`wrote ${path}`)
  }
}

function current(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
