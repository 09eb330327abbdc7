import { OPERATIONS } from '../../src/contract/operations.ts'

/** Every operation and who may ask for it at the least. */
export function operationsPage(): string {
  const rows = Object.entries(OPERATIONS).map(
    ([name, { access, about }]) => `| \`${name}\` | ${access.replace('session', 'any session')} | ${about} |`,
  )
  return `# Operations and permissions

<!-- Generated from src/contract/operations.ts by "npm run fix"; do not edit. -->

\`POST /v1/<operation>\` with a JSON object, and the token of \`session.login\` as \`Authorization: Bearer …\`. Requests and
replies are described in [openapi.json](openapi.json). Beyond the role named here, \`src/policy/\` decides: only the
owner shares, unshares, changes and deletes a key; the owner and the users it is shared with use it; public keys are
everybody's to read.

| operation | who may ask | what it does |
| --- | --- | --- |
${rows.join('\n')}
`
}
