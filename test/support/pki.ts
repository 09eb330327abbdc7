/** A throw-away CA with a certificate for a server on loopback and one for a client, made by the openssl command. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export type Pki = {
  /** PEM files by name: `ca.crt`, `server.crt`, `server.key`, `client.crt`, `client.key`. */
  path(name: string): string
  read(name: string): Buffer
  remove(): void
}

export async function makePki(): Promise<Pki> {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-pki-'))
  const path = (name: string) => join(directory, name)
  const openssl = (...words: string[]) => run('openssl', words, { cwd: directory })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj']
  await openssl('req', '-x509', ...newKey, '/CN=ca', '-keyout', 'ca.key', '-out', 'ca.crt', '-days', '1')
  for (const [name, usage] of [
    ['server', 'serverAuth,clientAuth'],
    ['client', 'clientAuth'],
  ] as const) {
    writeFileSync(path(`${name}.ext`), `subjectAltName=IP:127.0.0.1\nextendedKeyUsage=${usage}\n`)
    await openssl('req', ...newKey, `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`)
    const issue = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '1']
    const files = ['-in', `${name}.csr`, '-extfile', `${name}.ext`, '-out', `${name}.crt`]
    await openssl('x509', '-req', ...issue, ...files)
  }
  return {
    path,
    read: (name) => readFileSync(path(name)),
    remove: () => rmSync(directory, { recursive: true }),
  }
}
