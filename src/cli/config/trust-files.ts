/** The files of certificates that a configuration names, checked when they are named. */
import { belongTogether, certificateProblem, privateKeyProblem } from '../../base/pem.ts'
import { reasonOf } from '../../base/reasons.ts'
import type { ClusterEdit } from '../../client-config/edit.ts'
import { readTrustFile } from '../../client-config/file.ts'
import { HsmError } from '../../contract/errors.ts'

/** @throws HsmError `invalid-request` with one sentence naming the option and the file */
export function checkTrustFiles(edit: ClusterEdit): void {
  checked('--hsm-ca-cert', edit.caFile, certificateProblem)
  checkIdentity('client-{}-hsm-tls-file', edit.clientCert, edit.clientKey)
  checkIdentity('server-client-{}-file', edit.serverClientCert, edit.serverClientKey)
}

/** @param option of both, with `{}` where one says `cert` and the other `key` */
function checkIdentity(option: string, certFile: string | undefined, keyFile: string | undefined): void {
  const cert = checked(`--${option.replace('{}', 'cert')}`, certFile, certificateProblem)
  const key = checked(`--${option.replace('{}', 'key')}`, keyFile, privateKeyProblem)
  if (cert && key && !belongTogether(cert, key)) {
    throw new HsmError('invalid-request', `The private key in ${keyFile} is not that of ${certFile}`)
  }
}

function checked(
  option: string,
  path: string | undefined,
  problemOf: (file: Uint8Array) => string | undefined,
): Uint8Array | undefined {
  if (path === undefined) return undefined
  const [file, problem] = read(path, problemOf)
  if (problem === undefined) return file
  throw new HsmError('invalid-request', `Cannot read the file of ${option}, ${path}: ${problem}`)
}

function read(
  path: string,
  problemOf: (file: Uint8Array) => string | undefined,
): readonly [Uint8Array | undefined, string | undefined] {
  try {
    const file = readTrustFile(path)
    return [file, problemOf(file)]
  } catch (error) {
    return [undefined, reasonOf(error)]
  }
}
