/** The embedded store of an HSM, with its seals. */
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { type BackupKeys, backupKeysOf } from '../backup/ways.ts'
import type { Log } from '../base/log.ts'
import { HsmError } from '../contract/errors.ts'
import { createSealer, masterKeyCheck, type Sealer } from '../crypto/seal.ts'
import { readIfThere } from '../home/files.ts'
import type { Home } from '../home/home.ts'
import { chosenHsmId, knownHsmId, newId, saveHsmId } from '../home/ids.ts'
import { withMasterKey } from '../home/master-key.ts'
import { markPath } from '../store/mark.ts'
import { type SqliteStore, sqliteStore, storeIdentity } from '../store/sqlite/sqlite-store.ts'
import type { Store } from '../store/store.ts'
import { snapshotOf } from './snapshot-place.ts'

export type OpenStore<S extends Store = Store> = {
  readonly store: S
  /** Of key material. */
  readonly sealer: Sealer
  readonly backupKeys: BackupKeys
  /** Of key-use journals. */
  readonly keyUseSealer: Sealer
  readonly clusterId: string
  readonly hsmId: string
}

export type Wanted = {
  /** Of a new cluster; left out, any. */
  readonly clusterId?: string
  /** Take a store that is not known to be the newest. */
  readonly acceptRollback?: boolean | undefined
  /** Of an HSM that is to start fast the next time: it keeps a snapshot. */
  readonly log?: Log
}

/**
 * The id of the HSM and the CA are made when there is a store: without one, they are left of a cluster that is gone, whose
 * clients would trust the new one.
 */
function checkNew(home: Home): void {
  const { database, caKey, caCert } = home
  if (knownHsmId(home) !== undefined) throw new HsmError('store-damaged', `The store ${database} is missing`)
  const ca = [caKey, caCert].find((path) => readIfThere(path) !== undefined)
  if (ca !== undefined) throw missingBeside(ca, database)
  // Left when the undo of a first start was killed: nobody was answered from what it stands for.
  rmSync(markPath(database), { force: true })
}

const missingBeside = (ca: string, database: string): HsmError =>
  new HsmError(
    'store-damaged',
    `The store ${database} is missing, but ${ca} is that of a cluster. Put ${dirname(database)} back from a copy; if it is lost, found a new cluster in another directory with --home, or here when ${dirname(ca)} is gone`,
  )

/**
 * Opens the store of a home, or makes a new one there.
 *
 * @throws HsmError `store-damaged` or `store-failure` with one sentence naming what is wrong
 */
export function openEmbeddedStore(home: Home, wanted: Wanted = {}): OpenStore<SqliteStore> {
  const known = storeIdentity(home.database)
  if (!known) checkNew(home)
  const clusterId = known?.clusterId ?? wanted.clusterId ?? newId('cluster')
  const hsmId = chosenHsmId(home)
  const opened = withMasterKey(home.masterKey, known ? undefined : randomBytes, (key) => ({
    store: sqliteStore({
      path: home.database,
      sealer: createSealer(key, 'records', clusterId),
      clusterId,
      masterKeyCheck: masterKeyCheck(key),
      acceptRollback: wanted.acceptRollback === true,
      ...(wanted.log && {
        snapshot: snapshotOf(home, { key, clusterId, owner: `sqlite ${hsmId}`, log: wanted.log }),
      }),
    }),
    sealer: createSealer(key, 'material', clusterId),
    backupKeys: backupKeysOf(key, clusterId),
    keyUseSealer: createSealer(key, 'key-use', clusterId),
    clusterId,
    hsmId,
  }))
  saveHsmId(home, hsmId)
  return opened
}
