import type { CatalogView } from '../catalog/catalog.ts'
import { HsmError } from '../contract/errors.ts'
import type { ClusterRecord } from '../model/records.ts'

/** The cluster record. Throws `store-damaged` when there is none, which only an unfounded store has. */
export function clusterOf(view: CatalogView): ClusterRecord {
  const cluster = view.cluster()
  if (!cluster) throw new HsmError('store-damaged', 'The record cluster/self is missing')
  return cluster
}
