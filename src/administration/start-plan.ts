/** The settings of a start: those of the command line, else those that the home remembers. */
import { isThere } from '../base/directories.ts'
import { DEFAULT_LISTEN, isWildcard, type ListenAddress, showAddress } from '../base/listen-address.ts'
import { HsmError } from '../contract/errors.ts'
import type { KeyCertificates } from '../contract/key-certificates.ts'
import type { PublicObjects } from '../contract/public-objects.ts'
import type { Home } from '../home/home.ts'
import { newId } from '../home/ids.ts'
import { NONE, readServingSettings, type ServingSettings, USUAL } from '../home/serving-settings.ts'
import { type EtcdSettings, type NodePlan, readSettings } from '../node/settings.ts'
import type { Profile } from '../policy/hsm-profile/profile.ts'

/** As given with `strongroom start`; what is left out is remembered or has a default. */
export type StartOptions = {
  readonly listen?: ListenAddress
  readonly advertise?: ListenAddress
  /** Where Prometheus reads. Default: nowhere. */
  readonly metrics?: ListenAddress | typeof NONE
  /** Absolute path of the socket for PKCS#11 programs. Default: where programs on this machine look for it. */
  readonly pkcs11?: string | typeof NONE | typeof USUAL
  /** Absolute path of the log. Default: standard output, or the home's own log in the background. */
  readonly logFile?: string | typeof USUAL
  /** What is shown before login. Default: certificates. */
  readonly publicObjects?: PublicObjects
  /** Which certificates PKCS#11 programs see. Default: stored ones. */
  readonly keyCertificates?: KeyCertificates
  /** What is left out is remembered. */
  readonly etcd?: Partial<EtcdSettings>
  readonly clusterId?: string
  readonly hsmId?: string
  /** Found the cluster with clock-free key use. */
  readonly keyUseFence?: boolean
  /** Go on with a store that is not known to be the newest. */
  readonly acceptRollback?: boolean
  /** Mode and type of HSM to found the cluster with, or that it must have been founded with. */
  readonly profile?: Partial<Profile>
}

export type StartPlan = {
  readonly listen: ListenAddress
  readonly metrics: ListenAddress | undefined
  /** Undefined: the usual place. */
  readonly pkcs11: string | typeof NONE | undefined
  /** What the home is to remember of all this. */
  readonly serving: ServingSettings
  /** Undefined: an HSM with an embedded store. */
  readonly node: NodePlan | undefined
}

/** @throws HsmError `invalid-request` with one sentence when the two do not go together */
export function planStart(home: Home, options: StartOptions): StartPlan {
  const remembered = readSettings(home)
  const serving = servingOf(options, { ...remembered, ...readServingSettings(home) })
  const { listen = DEFAULT_LISTEN, advertise, metrics, pkcs11 } = serving
  const etcd = etcdOf(options.etcd, remembered?.etcd)
  if (!etcd) return { listen, metrics, pkcs11, serving, node: forbid(options) }
  if (isThere(home.database)) {
    throw refused(`The HSM in ${home.root} has an embedded store; choose another directory with --home`)
  }
  if (!advertise && isWildcard(listen.host)) {
    throw refused(`--advertise HOST:PORT is needed to listen on ${showAddress(listen)}`)
  }
  return {
    listen,
    metrics,
    pkcs11,
    serving,
    node: {
      // What version 0.1.0 remembers here stays, so that it can be gone back to.
      settings: {
        ...remembered,
        clusterId: clusterIdOf(home, options.clusterId, remembered?.clusterId),
        etcd,
      },
      advertise,
      known: remembered !== undefined,
      hsmId: options.hsmId,
      keyUseFence: options.keyUseFence === true,
    },
  }
}

/** Each option goes before what is remembered of it. */
function etcdOf(
  given: Partial<EtcdSettings> = {},
  remembered: Partial<EtcdSettings> = {},
): EtcdSettings | undefined {
  const { endpoints, ...rest } = { ...remembered, ...given }
  if (endpoints) return { ...rest, endpoints }
  const [surplus] = Object.keys(rest)
  if (surplus !== undefined) throw refused('--etcd is missing, and this home remembers no etcd')
  return undefined
}

/** What was asked for goes before what is remembered. */
function servingOf(
  { listen, advertise, metrics, pkcs11, logFile, publicObjects, keyCertificates }: StartOptions,
  remembered: ServingSettings,
): ServingSettings {
  const known = {
    listen: listen ?? remembered.listen,
    advertise: advertise ?? remembered.advertise,
    metrics: metrics === NONE ? undefined : (metrics ?? remembered.metrics),
    pkcs11: pkcs11 === USUAL ? undefined : (pkcs11 ?? remembered.pkcs11),
    log: logFile === USUAL ? undefined : (logFile ?? remembered.log),
    publicObjects: publicObjects ?? remembered.publicObjects,
    keyCertificates: keyCertificates ?? remembered.keyCertificates,
  }
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined))
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
  if (isThere(home.masterKey)) {
    throw refused(`${home.masterKey} belongs to a cluster; say which with --cluster-id`)
  }
  return newId('cluster')
}

const refused = (sentence: string): HsmError => new HsmError('invalid-request', sentence)
