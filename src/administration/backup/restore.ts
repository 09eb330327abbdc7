/** `strongroom backup restore`: restores a backup as a new cluster, completely or not at all. */
import { randomBytes, randomUUID } from 'node:crypto'
import { readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readHeader } from '../../backup/header.ts'
import { type Entry, readParts, sealersOf } from '../../backup/parts.ts'
import { makeDirectory } from '../../base/directories.ts'
import { syncDirectory } from '../../base/durable.ts'
import type { Sealer } from '../../crypto/seal.ts'
import { restoreInto } from '../../engine/restore.ts'
import { type Home, homeAt, makeHome, notEmpty, startCommand } from '../../home/home.ts'
import { newId } from '../../home/ids.ts'
import { takeLock } from '../../home/lock.ts'
import { openEmbeddedStore } from '../../node/embedded-store.ts'
import type { EtcdSettings } from '../../node/settings.ts'
import { done, type Outcome } from '../outcome.ts'
import { keyOf, type Opening, reading } from './opening.ts'

export type RestoreOptions = {
  readonly file: string
  readonly opening: Opening
  /** Take the place of the cluster that the backup is of, instead of making a clone of it. */
  readonly keepId: boolean
  /** Where the records go; left out, into an embedded store. */
  readonly etcd: EtcdSettings | undefined
}

/** @throws HsmError, or an error of the operating system; the home is then as it was */
export function restoreBackup(home: Home, options: RestoreOptions): Promise<Outcome> {
  const { file, opening, keepId, etcd } = options
  return reading(file, async (reader) => {
    const { header, line } = await readHeader(reader)
    const source = header['cluster-id']
    const key = await keyOf(header, opening)
    const sealers = sealersOf(key, source)
    key.fill(0)
    const clusterId = keepId ? source : newId('cluster')
    const parts = readParts(reader, line, sealers)
    const { users, keys } = await inEmpty(home, (staging) =>
      fill(staging, etcd, parts, { source, clusterId, from: sealers.material }),
    )
    return done(
      `Restored ${source} of ${header['made-at']}${keepId ? '' : ` as ${clusterId}, a clone of it`}: ${keys} keys, ${users} users.\n` +
        `Its master key is a new one, ${home.masterKey}. Start it with: ${startCommand(home, ...(etcd ? ['--listen HOST:PORT'] : []))}`,
    )
  })
}

async function inEmpty<R>(home: Home, fill: (staging: Home) => Promise<R>): Promise<R> {
  makeHome(home)
  const unlock = takeLock(home.lock) ?? notEmpty(home)
  try {
    if (readdirSync(dirname(home.database)).length > 0) notEmpty(home)
    return await inPlace(home, fill)
  } finally {
    unlock()
  }
}

const STAGING = 'restoring-'

/** What `fill` makes in a directory beside it becomes the data of the home at once, when it is whole and on disk. */
async function inPlace<R>(home: Home, fill: (staging: Home) => Promise<R>): Promise<R> {
  for (const name of readdirSync(home.root)) if (name.startsWith(STAGING)) remove(join(home.root, name))
  const staging = homeAt(join(home.root, `${STAGING}${randomUUID()}`))
  const data = dirname(staging.database)
  makeDirectory(data)
  try {
    const result = await fill(staging)
    syncDirectory(data)
    renameSync(data, dirname(home.database))
    syncDirectory(home.root)
    return result
  } finally {
    remove(staging.root)
  }
}

const remove = (path: string): void => rmSync(path, { recursive: true, force: true })

async function fill(
  staging: Home,
  etcd: EtcdSettings | undefined,
  parts: AsyncIterable<readonly Entry[]>,
  options: { readonly source: string; readonly clusterId: string; readonly from: Sealer },
): Promise<{ readonly users: number; readonly keys: number }> {
  const { clusterId } = options
  const { store, sealer, hsmId } = etcd
    ? await (await import('../../node/found-store.ts')).foundSharedStore(staging, clusterId, etcd)
    : openEmbeddedStore(staging, { clusterId })
  try {
    return await restoreInto(store, parts, {
      ...options,
      hsmId,
      to: sealer,
      random: randomBytes,
      now: Date.now(),
    })
  } finally {
    await store.close()
  }
}
