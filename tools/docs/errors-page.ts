import { ERRORS } from '../../src/contract/errors.ts'
import { CKR } from '../../src/pkcs11/cryptoki/returns.ts'

/** Every error code with what each interface says for it. */
export function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { text, http, ckr }]) =>
      `| \`${code}\` | ${text.replaceAll('\n', '<br>')} | ${http} | \`CKR_${ckr}\` (0x${CKR[ckr].toString(16).padStart(8, '0')}) |`,
  )
  return `# Errors

<!-- Generated from src/contract/errors.ts by "npm run fix"; do not edit. -->

The CLI prints the text, or a more exact sentence in its place, as \`data\` of \`{"error_code": 1, …}\`, with exit status 1.
The HTTPS API answers with the status and \`{"code", "message"}\`. A wrong command line is not among these: it is told on
standard error with exit status 2.

| code | text | HTTP | PKCS#11 |
| --- | --- | --- | --- |
${rows.join('\n')}
`
}
