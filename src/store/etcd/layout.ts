/**
 * The layout of a store in etcd: what stands under which key. It is told by an entry of its own, sealed, which stores of the
 * first version did not have.
 */
import { HsmError } from '../../contract/errors.ts'
import { count, extensible } from '../../model/shape.ts'
import type { Sealer } from '../sealer.ts'
import { open } from '../sealing.ts'
import type { Keyspace } from './keyspace.ts'
import { guarded, type Operation, put } from './requests.ts'
import { KV } from './rpc_pb.ts'

const LAYOUT = 1
const CONTEXT = 'format'
const NAME = 'The entry format'

const readLayout = extensible<{ readonly layout: number }>({ layout: count })

/** To be written with the root of a new store. */
export const layoutEntry = ({ keys, sealer }: Pick<Keyspace, 'keys' | 'sealer'>): Operation =>
  put(keys.format, sealer.seal(Buffer.from(JSON.stringify({ layout: LAYOUT })), CONTEXT))

/**
 * @returns whether there is an entry
 * @throws HsmError `store-damaged` when this version cannot read the store; `store-failure` when etcd does not answer
 */
export async function checkLayout({ client, keys, sealer }: Keyspace): Promise<boolean> {
  const answer = await client.ask(KV.method.range, { key: keys.format })
  if ('failure' in answer) throw answer.failure.error
  const standing = answer.value.kvs[0]
  if (standing) refuseNewer(sealer, standing.value)
  return standing !== undefined
}

/** Of a store that has none. @throws HsmError `store-failure` when etcd does not answer */
export async function tellLayout(keyspace: Keyspace): Promise<void> {
  const { client, keys } = keyspace
  const answer = await client.ask(KV.method.txn, guarded(keys.format, 0, [layoutEntry(keyspace)]))
  if ('failure' in answer) throw answer.failure.error
}

function refuseNewer(sealer: Sealer, value: Uint8Array): void {
  const { layout } = readLayout(JSON.parse(open(sealer, value, CONTEXT, NAME).toString('utf8')))
  if (layout <= LAYOUT) return
  throw new HsmError(
    'store-damaged',
    `The store in etcd has layout ${layout}, and this version of Strongroom reads layouts up to ${LAYOUT}; upgrade this HSM`,
  )
}
