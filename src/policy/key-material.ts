/** Which key material the nodes of a cluster keep in memory. */
import { DEFAULT_MATERIAL_IN_MEMORY, type MaterialInMemory } from '../contract/key-material.ts'
import type { ClusterRecord } from '../model/records.ts'
import { allow, type Decision } from './decision.ts'

/** What the cluster was told, or the default. */
export const materialInMemoryOf = ({
  materialInMemory,
}: Pick<ClusterRecord, 'materialInMemory'>): MaterialInMemory =>
  materialInMemory ?? DEFAULT_MATERIAL_IN_MEMORY

/** No right changes by it. */
export const setMaterialInMemory = (
  cluster: ClusterRecord,
  materialInMemory: MaterialInMemory,
): Decision<void> => allow(undefined, { put: { ...cluster, materialInMemory } })
