import { OPERATIONS, type Operation } from '../../src/contract/operations.ts'

/** Every operation: who may ask for it at the least, what it does with which keys, and what is recorded of it. */
export function operationsPage(): string {
  const rows = Object.entries<Operation>(OPERATIONS).map(([name, row]) =>
    [`\`${name}\``, row.access.replace('session', 'any session'), keysOf(row), row.audit, row.about].join(
      ' | ',
    ),
  )
  return `# Operations and permissions

<!-- Generated from src/contract/operations.ts by "npm run fix"; do not edit. -->

\`POST /v1/<operation>\` with a JSON object, and the token of \`session.login\` as \`Authorization: Bearer …\`. Requests and
replies are described in [openapi.json](openapi.json). Beyond the role named here, \`src/policy/\` decides: only the
owner shares, unshares, changes and deletes a key; the owner and the users it is shared with use it; public keys are
everybody's to read.

**Keys**: which member of the request selects them, and what is done with them.

**Recorded**:

- \`management\`: success and refusal, in the audit log.
- \`refusals\`: refusals only, in the audit log. The operation reads and changes nothing.
- \`use\`: key use, which is not in the audit log.
- \`none\`: nothing.

Of callers who are not logged in, only passwords and resume credentials that they tried are recorded.

| operation | who may ask | keys | recorded | what it does |
| --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join('\n')}
`
}

function keysOf({ keys = {}, several }: Operation): string {
  const one = Object.entries(keys).map(([member, dealing]) => `\`${member}\`: ${dealing}`)
  return [...one, ...(several ? [`several: ${several}`] : [])].join(', ')
}
