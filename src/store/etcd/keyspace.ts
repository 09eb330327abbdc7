/** Everything of one cluster in etcd: client, keys and seal. */
import type { Sealer } from '../sealer.ts'
import type { EtcdClient } from './client.ts'
import type { Keys } from './keys.ts'

export type Keyspace = {
  readonly client: EtcdClient
  readonly keys: Keys
  readonly sealer: Sealer
  /** 16 hex digits that tell which master key everything is sealed under. */
  readonly masterKeyCheck: string
}
