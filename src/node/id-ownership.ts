/**
 * An id belongs to one home for good, so that no audit log is continued by another HSM: the first home that takes it
 * leaves in etcd, sealed, who it is.
 */
import { createHash, randomBytes } from 'node:crypto'
import { HsmError } from '../contract/errors.ts'
import type { Sealer } from '../crypto/seal.ts'
import { createFile, readSecretIfThere } from '../home/files.ts'
import type { Home } from '../home/home.ts'
import { knownHsmId } from '../home/ids.ts'
import { createEtcdClient, type EtcdAccess } from '../store/etcd/client.ts'
import { guarded, put, standsAt } from '../store/etcd/requests.ts'
import { KV } from '../store/etcd/rpc_pb.ts'
import type { Store } from '../store/store.ts'

type TakingId = {
  readonly home: Home
  readonly access: EtcdAccess
  readonly clusterId: string
  readonly hsmId: string
  /** Of this cluster and master key. */
  readonly sealer: Sealer
  /** Loaded. */
  readonly store: Pick<Store, 'catalog'>
}

/**
 * Takes the id for this home.
 *
 * @throws HsmError `invalid-request` when it is another home's; `store-damaged` when that was changed in etcd;
 *   `store-failure` when etcd does not answer
 */
export async function takeId(taking: TakingId): Promise<void> {
  const { home, access, clusterId, hsmId, sealer, store } = taking
  // A home that has had the id since before ids had owners goes on with its log; no other may.
  const continues = store.catalog.get(`audit-head/${hsmId}`) !== undefined
  if (continues && knownHsmId(home) === undefined) throw ofAnother(hsmId)
  const key = Buffer.from(`/strongroom/${clusterId}/home/${hsmId}`)
  const mine = identityOf(home)
  const sealed = sealer.seal(Buffer.from(mine), context(hsmId))
  const client = createEtcdClient(access)
  try {
    const answer = await client.ask(KV.method.txn, guarded(key, 0, [put(key, sealed)]))
    if ('failure' in answer) throw answer.failure.error
    const standing = answer.value.succeeded ? undefined : standsAt(answer.value)
    if (standing && opened(sealer, standing.value, hsmId) !== mine) throw ofAnother(hsmId)
  } finally {
    client.close()
  }
}

const context = (hsmId: string): string => `home\n${hsmId}`

function opened(sealer: Sealer, sealed: Uint8Array, hsmId: string): string {
  try {
    return sealer.open(sealed, context(hsmId)).toString()
  } catch (cause) {
    const sentence = `Whose id ${hsmId} is was changed in etcd; choose another id with --hsm-id`
    throw new HsmError('store-damaged', sentence, { cause })
  }
}

/** Tells the home from every other, and nothing else about it. */
function identityOf({ identity }: Home): string {
  const secret = readSecretIfThere(identity) ?? newIdentity(identity)
  return createHash('sha256').update(secret.trim()).digest('hex')
}

function newIdentity(path: string): string {
  const text = `${randomBytes(32).toString('hex')}\n`
  createFile(path, text, 'private')
  return text
}

const ofAnother = (hsmId: string): HsmError =>
  new HsmError(
    'invalid-request',
    `${hsmId} is the id of another HSM of this cluster, running or gone, and ids are not used again; choose another one with --hsm-id`,
  )
