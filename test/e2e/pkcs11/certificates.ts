/** Certificates over keys of the HSM's, made by OpenSSL with its pkcs11 engine. */
import { join } from 'node:path'
import { type Owner, succeeds } from './commands.ts'
import { idOf, type Payments, pin } from './payments.ts'

export const ENGINE = '/usr/lib/x86_64-linux-gnu/engines-3/pkcs11.so'
export const SUBJECT = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']

/** Environment of `openssl`, so that the engine finds the module. */
export const engineEnv = (company: Payments): NodeJS.ProcessEnv => ({
  ...company.env(),
  PKCS11_MODULE_PATH: company.module(),
})

/** A private key as bob has it, with his PIN in it. */
export const keyUri = (label: string): string =>
  `pkcs11:token=strongroom;object=${label};type=private;pin-value=${encodeURIComponent(pin('bob'))}`

export const withEngine = (command: string, ...words: readonly string[]): readonly string[] => [
  'openssl',
  command,
  ...['-engine', 'pkcs11', '-keyform', 'engine'],
  ...words,
]

/** Self-signed. @returns path of the file in PEM */
export async function selfSigned(owner: Owner, company: Payments, label: string): Promise<string> {
  const path = join(company.home().root, `${label}.crt`)
  const words = withEngine('req', '-x509', '-new', '-key', keyUri(label), ...SUBJECT, '-out', path)
  await succeeds(owner, words, { env: engineEnv(company) })
  return path
}

/** Puts a certificate beside its key in the HSM, with the same label and id. @param path in PEM */
export async function keepCertificate(
  owner: Owner,
  company: Payments,
  label: string,
  path: string,
): Promise<void> {
  const der = `${path}.der`
  await succeeds(owner, ['openssl', 'x509', '-in', path, '-outform', 'DER', '-out', der])
  const object = ['--write-object', der, '--type', 'cert', '--label', label, '--id', idOf(label)]
  const words = ['pkcs11-tool', '--module', company.module(), '--login', '--pin', pin('bob'), ...object]
  await succeeds(owner, words, { env: company.env() })
}
