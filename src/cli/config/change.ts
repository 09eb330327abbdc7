/** A run of a configure tool as a change, applied to a configuration. */

import type { LoggingConfig } from '../../client-config/client-config.ts'
import { type ConfigDocument, clusterIdOf } from '../../client-config/document.ts'
import {
  addCluster,
  type ClusterEdit,
  editCluster,
  removeCluster,
  setLogging,
} from '../../client-config/edit.ts'
import { type Component, defaultCaFile, defaultLogFile } from '../../client-config/locate.ts'
import { HsmError } from '../../contract/errors.ts'

export type ConfigChange =
  | {
      readonly kind: 'edit'
      readonly clusterId: string | undefined
      readonly cluster: ClusterEdit
      readonly logging: Partial<LoggingConfig>
    }
  | {
      readonly kind: 'add-cluster' | 'remove-cluster'
      readonly clusterId: string
      /** Empty for a cluster to be removed. */
      readonly cluster: ClusterEdit
    }

/**
 * @param before undefined when there is no file yet
 * @param path of the file of the component; the CA certificate and the log stand where the vendor's layout has them from there
 * @throws HsmError `invalid-request` with one sentence
 */
export function changeConfig(
  before: ConfigDocument | undefined,
  change: ConfigChange,
  path: string,
  component: Component,
): ConfigDocument {
  const config = before ?? emptyConfig(path, component)
  switch (change.kind) {
    case 'edit':
      return setLogging(edited(config, change.clusterId, change.cluster, path), change.logging)
    case 'add-cluster':
      return added(config, change.clusterId, change.cluster, path)
    case 'remove-cluster':
      return removeCluster(config, change.clusterId)
  }
}

function emptyConfig(path: string, component: Component): ConfigDocument {
  return setLogging(
    { clusters: [] },
    { type: 'file', file: defaultLogFile(path, component), level: 'info', rotation: 'daily' },
  )
}

/** Naming a cluster and nothing else asks for its addresses, which nobody but the user can give. */
function edited(
  config: ConfigDocument,
  id: string | undefined,
  edit: ClusterEdit,
  path: string,
): ConfigDocument {
  const { clusters } = config
  const isEmpty = Object.keys(edit).length === 0
  const known = clusters.some((entry) => id === undefined || clusterIdOf(entry) === id)
  if (edit.servers === undefined && (!known || (isEmpty && id !== undefined))) throw addressesNeeded(id)
  if (clusters.length === 0) return added(config, id, edit, path)
  return isEmpty ? config : editCluster(config, id, edit)
}

function added(
  config: ConfigDocument,
  id: string | undefined,
  edit: ClusterEdit,
  path: string,
): ConfigDocument {
  const { servers } = edit
  if (servers === undefined) throw addressesNeeded(id)
  const named = id === undefined ? {} : { id }
  return addCluster(config, { caFile: defaultCaFile(path), ...edit, ...named, servers })
}

function addressesNeeded(id: string | undefined): HsmError {
  return new HsmError(
    'invalid-request',
    id === undefined
      ? 'No HSM is configured yet; name one with: -a ADDRESS'
      : `There is no control plane to ask for the addresses of cluster ${id}; give them with: -a ADDRESS`,
  )
}
