/** What a start comes to: what was asked for on the command line, on top of what the home remembers. */
import { existsSync } from 'node:fs'
import { HsmError } from '../../contract/errors.ts'
import type { Profile } from '../../policy/hsm-profile/profile.ts'
import type { Home } from '../home.ts'
import { newId } from '../ids.ts'
import { DEFAULT_LISTEN, isWildcard, type ListenAddress, showAddress } from '../listen-address.ts'
import { type EtcdSettings, type NodeSettings, readSettings } from './settings.ts'

/** As given with `strongroom start`; what is left out is remembered or has a default. */
export type StartOptions = {
  readonly listen?: ListenAddress
  readonly advertise?: ListenAddress
  /** Where Prometheus reads. Default: nowhere. */
  readonly metrics?: ListenAddress
  readonly etcd?: EtcdSettings
  readonly clusterId?: string
  readonly hsmId?: string
  /** Found the cluster with clock-free key use. */
  readonly keyUseFence?: boolean
  /** Mode and type of HSM to found the cluster with, or that it must have been founded with. */
  readonly profile?: Partial<Profile>
}

/** One HSM of a cluster on etcd. */
export type NodePlan = {
  readonly settings: NodeSettings
  /** The cluster must exist: this home has been part of it. */
  readonly known: boolean
  readonly hsmId: string | undefined
  readonly keyUseFence: boolean
}

export type StartPlan = {
  readonly listen: ListenAddress
  readonly metrics: ListenAddress | undefined
  /** Undefined: an HSM with an embedded store. */
  readonly node: NodePlan | undefined
}

/** @throws HsmError `invalid-request` with one sentence when the two do not go together */
export function planStart(home: Home, options: StartOptions): StartPlan {
  const remembered = readSettings(home)
  const etcd = options.etcd ?? remembered?.etcd
  if (!etcd)
    return { listen: options.listen ?? DEFAULT_LISTEN, metrics: options.metrics, node: forbid(options) }
  if (existsSync(home.database)) {
    throw refused(`The HSM in ${home.root} has an embedded store; choose another directory with --home`)
  }
  const listen = options.listen ?? remembered?.listen ?? DEFAULT_LISTEN
  const advertise = options.advertise ?? remembered?.advertise
  if (!advertise && isWildcard(listen.host)) {
    throw refused(`--advertise HOST:PORT is needed to listen on ${showAddress(listen)}`)
  }
  return {
    listen,
    metrics: options.metrics,
    node: {
      settings: {
        clusterId: clusterIdOf(home, options.clusterId, remembered?.clusterId),
        etcd,
        listen: { ...listen },
        ...(advertise && { advertise: { ...advertise } }),
      },
      known: remembered !== undefined,
      hsmId: options.hsmId,
      keyUseFence: options.keyUseFence === true,
    },
  }
}

function forbid({ advertise, clusterId, hsmId, keyUseFence }: StartOptions): undefined {
  const needing = {
    '--advertise': advertise,
    '--cluster-id': clusterId,
    '--hsm-id': hsmId,
    '--key-use-fence': keyUseFence,
  }
  const [surplus] = Object.entries(needing).find(([, value]) => value !== undefined) ?? []
  if (surplus !== undefined) throw refused(`${surplus} is for an HSM on etcd: give --etcd, too`)
}

function clusterIdOf(home: Home, wanted: string | undefined, remembered: string | undefined): string {
  if (remembered !== undefined && wanted !== undefined && wanted !== remembered) {
    throw refused(`The HSM in ${home.root} belongs to ${remembered}; choose another directory with --home`)
  }
  const id = wanted ?? remembered
  if (id !== undefined) return id
  if (existsSync(home.masterKey)) {
    throw refused(`${home.masterKey} belongs to a cluster; say which with --cluster-id`)
  }
  return newId('cluster')
}

const refused = (sentence: string): HsmError => new HsmError('invalid-request', sentence)
