/** Makes the home of a new node from a join token. */
import { isThere } from '../base/directories.ts'
import { HsmError } from '../contract/errors.ts'
import { masterKeyCheck } from '../crypto/seal.ts'
import { type Home, makeHome, notEmpty } from '../home/home.ts'
import { takeLock } from '../home/lock.ts'
import { saveMasterKey } from '../home/master-key.ts'
import { createEtcdClient, type EtcdAccess } from '../store/etcd/client.ts'
import { etcdMasterKeyCheck } from '../store/etcd/etcd-store.ts'
import { type JoinToken, nameOf, openMasterKey, readJoinToken } from './join-token.ts'
import { takeJoinToken } from './join-tokens.ts'
import { accessOf, type EtcdSettings, saveSettings } from './settings.ts'

export type JoinOptions = {
  /** As `node invite` printed it. */
  readonly secret: string
  /** Endpoints that are left out are those of the node that invited. */
  readonly etcd: Partial<EtcdSettings>
  /** Unix time in milliseconds. */
  readonly now: number
}

/**
 * @returns the id of the cluster
 * @throws HsmError with one sentence; the home is then as it was
 */
export async function join(home: Home, { secret, etcd, now }: JoinOptions): Promise<string> {
  const token = readJoinToken(secret)
  const { clusterId, endpoints } = token
  const settings = { clusterId, etcd: { ...etcd, endpoints: etcd.endpoints ?? [...endpoints] } }
  makeHome(home)
  const unlock = takeLock(home.lock) ?? notEmpty(home)
  try {
    if ([home.database, home.masterKey, home.cluster].some(isThere)) notEmpty(home)
    const masterKey = await accept(accessOf(settings.etcd), token, now)
    saveMasterKey(home.masterKey, masterKey)
    saveSettings(home, settings)
  } finally {
    unlock()
  }
  return clusterId
}

async function accept(access: EtcdAccess, token: JoinToken, now: number): Promise<Buffer> {
  const { clusterId } = token
  const client = createEtcdClient(access)
  try {
    const sealed = await takeJoinToken(client, { clusterId, name: nameOf(token) })
    if (typeof sealed === 'string') throw refusal(sealed, token, now)
    const masterKey = openMasterKey(token, sealed)
    if ((await etcdMasterKeyCheck(access, clusterId)) === masterKeyCheck(masterKey)) return masterKey
    masterKey.fill(0)
    throw new HsmError('store-damaged', `The join token has another master key than ${clusterId}`)
  } finally {
    client.close()
  }
}

function refusal(why: 'used' | 'absent', { clusterId, expiresAt }: JoinToken, now: number): HsmError {
  if (why === 'used')
    return unfit('The join token was used already; if that was not you, someone else has the master key')
  if (now >= expiresAt)
    return unfit('The join token has expired; make another one with: strongroom node invite')
  return unfit(
    `This etcd does not know the join token for ${clusterId}; is it the etcd of the node that invited?`,
  )
}

const unfit = (sentence: string): HsmError => new HsmError('invalid-request', sentence)
