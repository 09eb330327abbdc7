/** What the home of a node remembers of its cluster, so that a plain `strongroom start` starts the same node again. */
import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import type { ListenAddress } from '../base/listen-address.ts'
import { certificateProblem, privateKeyProblem } from '../base/pem.ts'
import { reasonAndAdvice } from '../base/reasons.ts'
import { HsmError } from '../contract/errors.ts'
import { fromUtf8 } from '../contract/text.ts'
import { readIfThere, replaceFile } from '../home/files.ts'
import type { Home } from '../home/home.ts'
import { listenAddress } from '../home/serving-settings.ts'
import type { EtcdAccess } from '../store/etcd/client.ts'
import type { EtcdCredentials } from '../store/etcd/credentials.ts'

const etcd = v.object({
  endpoints: v.pipe(v.array(v.string()), v.minLength(1)),
  /** Absolute paths of files in PEM. */
  caFile: v.optional(v.string()),
  certFile: v.optional(v.string()),
  keyFile: v.optional(v.string()),
  username: v.optional(v.string()),
  /** Absolute path of a file whose only line is the password. */
  passwordFile: v.optional(v.string()),
})
const settings = v.object({
  clusterId: v.string(),
  etcd,
  /** Where version 0.1.0 remembered how the HSM is served. */
  listen: v.optional(listenAddress),
  advertise: v.optional(listenAddress),
})

export type EtcdSettings = v.InferOutput<typeof etcd>
export type NodeSettings = v.InferOutput<typeof settings>

/** One HSM of a cluster on etcd. */
export type NodePlan = {
  readonly settings: NodeSettings
  /** How others reach it. Left out: where it listens. */
  readonly advertise: ListenAddress | undefined
  /** The cluster must exist: this home has been part of it. */
  readonly known: boolean
  readonly hsmId: string | undefined
  readonly keyUseFence: boolean
}

/** Undefined when the home is not that of a node. */
export function readSettings({ cluster }: Home): NodeSettings | undefined {
  const text = readIfThere(cluster)
  if (text === undefined) return undefined
  try {
    return v.parse(settings, JSON.parse(text))
  } catch (cause) {
    throw new HsmError(
      'store-damaged',
      `${cluster} is damaged; give --etcd and --cluster-id again after removing it`,
      {
        cause,
      },
    )
  }
}

/** Remembers them for the next start. Writes nothing if they are the same. */
export function saveSettings({ cluster }: Home, known: NodeSettings): void {
  const text = `${JSON.stringify(known, null, 2)}\n`
  if (readIfThere(cluster) !== text) replaceFile(cluster, text, 'private')
}

/** @throws HsmError `invalid-request` naming the option whose file cannot be read */
export function accessOf(etcd: EtcdSettings): EtcdAccess {
  const { endpoints } = etcd
  return { endpoints, ...credentialsOf(etcd), renewed: () => credentialsOf(etcd) }
}

function credentialsOf({ caFile, certFile, keyFile, username, passwordFile }: EtcdSettings): EtcdCredentials {
  const ca = optionFile('--etcd-ca', caFile, certificateProblem)
  const cert = optionFile('--etcd-cert', certFile, certificateProblem)
  const key = optionFile('--etcd-key', keyFile, privateKeyProblem)
  const password = optionFile('--etcd-password-file', passwordFile, emptyProblem)
  return {
    tls: ca && { ca, ...(cert && key && { cert, key }) },
    user:
      username === undefined || password === undefined
        ? undefined
        : { username, password: passwordIn(password) },
  }
}

function passwordIn(bytes: Buffer): string {
  const text = fromUtf8(bytes)
  if (text !== undefined) return text.replace(/\r?\n$/, '')
  throw new HsmError('invalid-request', 'The file of --etcd-password-file is not UTF-8 text')
}

const emptyProblem = (file: Uint8Array): string | undefined => (file.length === 0 ? 'it is empty' : undefined)

function optionFile(
  option: string,
  path: string | undefined,
  problemOf: (file: Uint8Array) => string | undefined,
): Buffer | undefined {
  if (path === undefined) return undefined
  const unusable = (problem: string, cause?: unknown) =>
    new HsmError('invalid-request', `Cannot read the file of ${option}, ${path}: ${problem}`, { cause })
  let file: Buffer
  try {
    file = readFileSync(path)
  } catch (cause) {
    throw unusable(reasonAndAdvice(cause), cause)
  }
  const problem = problemOf(file)
  if (problem !== undefined) throw unusable(problem)
  return file
}
