/** The home directory of one HSM: what is where, and who may read it. */
import { accessSync, constants, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { makeDirectory } from '../base/directories.ts'
import { shellWord } from '../base/shell-word.ts'
import { homeConfig } from '../client-config/locate.ts'
import { HsmError } from '../contract/errors.ts'
import { checkWhole } from '../contract/text.ts'

export type Home = ReturnType<typeof homeAt>

/**
 * @param path absolute, or relative to the working directory
 * @param isUsual whether it is the home of commands that are not told of any
 * @throws HsmError `invalid-request` when it is not UTF-8 text: another directory would be meant
 */
export function homeAt(path: string, isUsual = false) {
  const root = checkWhole('The path of the home directory', resolve(path))
  const at = (...names: readonly string[]) => join(root, ...names)
  return {
    root,
    isUsual,
    /** The cluster itself; whoever takes a backup needs this directory and nothing else. */
    database: at('data', 'strongroom.db'),
    masterKey: at('data', 'master.key'),
    hsmId: at('data', 'hsm-id'),
    /** The records, to be read fast at the start. Never needed: without it the start takes longer. */
    snapshot: at('data', 'snapshot'),
    /** Of a node on etcd alone: how far it has followed its cluster. */
    mark: at('data', 'etcd-mark'),
    /** Of a node on etcd alone: a secret that tells this home from every other. */
    identity: at('data', 'home-identity'),
    /** Of a node on etcd alone: which cluster it belongs to, and how it reaches it. */
    cluster: at('data', 'cluster.json'),
    /** Files of the key-use journal. */
    keyUse: at('data', 'key-use'),
    /** How the HSM was last served. */
    serving: at('data', 'serving.json'),
    caKey: at('tls', 'ca.key'),
    caCert: at('tls', 'ca.crt'),
    serverKey: at('tls', 'server.key'),
    serverCert: at('tls', 'server.crt'),
    clientConfig: homeConfig(root),
    clientCa: at('etc', 'customerCA.crt'),
    clientLog: at('log', 'cloudhsm-cli.log'),
    lock: at('run', 'lock'),
    running: at('run', 'strongroom.json'),
    pkcs11: at('run', 'pkcs11.sock'),
    log: at('log', 'strongroom.log'),
  } as const
}

/**
 * How the HSM of the home is started, to be shown.
 *
 * @param more options that it needs, such as `--listen HOST:PORT`
 */
export const startCommand = (
  { root, isUsual }: Pick<Home, 'root' | 'isUsual'>,
  ...more: readonly string[]
): string => ['strongroom start', ...(isUsual ? [] : [`--home ${shellWord(root)}`]), ...more].join(' ')

/** Throws HsmError `invalid-request`, for a command that makes the home of an HSM anew. */
export function notEmpty({ root }: Pick<Home, 'root'>): never {
  throw new HsmError(
    'invalid-request',
    `There is an HSM in ${root} already; choose another directory with --home`,
  )
}

const DIRECTORIES = ['data', 'tls', 'etc', 'run', 'log'] as const

/** Makes the directories that are missing, for the owner alone. */
export function makeHome({ root }: Home): void {
  for (const name of DIRECTORIES) {
    makeDirectory(join(root, name))
  }
}

/** @throws errors of the operating system, when something cannot be written that a start writes */
export function checkHome({ root }: Home): void {
  for (const name of DIRECTORIES)
    accessSync(join(root, name), constants.R_OK | constants.W_OK | constants.X_OK)
}

const OTHERS_WRITE = 0o022
/** Only the owner of a file may replace it. */
const STICKY = 0o1000

/**
 * One sentence for each directory in which others could put something in the place of what is there.
 *
 * @param socket of PKCS#11 programs, if it is not in the home
 */
export function looseDirectories({ root }: Home, socket?: string): readonly string[] {
  const directories = [
    root,
    ...DIRECTORIES.map((name) => join(root, name)),
    ...(socket ? [dirname(socket)] : []),
  ]
  return directories.flatMap((path) => {
    const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0
    if ((mode & OTHERS_WRITE) === 0 || (mode & STICKY) !== 0) return []
    return [`Others can write to ${path}; close it with: chmod go-w ${path}`]
  })
}
