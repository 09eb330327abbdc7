/** The files of certificates that a configuration names, checked when they are named. */
import { belongTogether, certificateProblem, privateKeyProblem } from '../../base/pem.ts'
import { reasonOf } from '../../base/reasons.ts'
import type { ClusterEdit } from '../../client-config/edit.ts'
import { readTrustFile } from '../../client-config/file.ts'
import { HsmError } from '../../contract/errors.ts'

/** @throws HsmError `invalid-request` with one sentence naming the option and the file */
export function checkTrustFiles({ caFile, clientCert, clientKey }: ClusterEdit): void {
  checked('--hsm-ca-cert', caFile, certificateProblem)
  const cert = checked('--client-cert-hsm-tls-file', clientCert, certificateProblem)
  const key = checked('--client-key-hsm-tls-file', clientKey, privateKeyProblem)
  if (cert && key && !belongTogether(cert, key)) {
    throw new HsmError('invalid-request', `The private key in ${clientKey} is not that of ${clientCert}`)
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
