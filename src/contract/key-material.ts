/** Which key material the nodes of a cluster keep in memory. */

/**
 * `used`: of the keys that were used or written last; that of others is read from etcd when it is needed. `all`: of every key. Material
 * is kept as it is stored: that of private and secret keys is encrypted.
 */
export const MATERIAL_IN_MEMORY = ['used', 'all'] as const
export type MaterialInMemory = (typeof MATERIAL_IN_MEMORY)[number]

/** Of a cluster that was told nothing else. */
export const DEFAULT_MATERIAL_IN_MEMORY: MaterialInMemory = 'used'
