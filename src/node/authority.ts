/** The CA of a cluster of several HSMs: one for all of them, its key sealed in the store they share. */

import { createAuthority, type Identity } from '../certificates/certificates.ts'
import type { Sealer } from '../crypto/seal.ts'
import { AUTHORITY_CONTEXT } from '../crypto/sealed-fields.ts'
import type { CertificateAuthorityRecord } from '../model/records.ts'
import type { Store } from '../store/store.ts'

/**
 * The CA of the cluster, made when there is none; when several nodes do so at once, that of one of them.
 *
 * @param sealer of key material
 * @param now Unix time in milliseconds
 */
export async function sharedAuthority(
  store: Pick<Store, 'catalog' | 'transact'>,
  sealer: Sealer,
  clusterId: string,
  now: number,
): Promise<Identity> {
  const standing = recordIn(store)
  if (standing) return open(sealer, standing)
  const record = seal(sealer, await createAuthority(clusterId, now))
  const { result } = await store.transact((view) => {
    const already = recordIn({ catalog: view })
    return { writes: already ? [] : [{ put: record }], audit: [], result: already ?? record }
  })
  return open(sealer, result)
}

function recordIn({ catalog }: Pick<Store, 'catalog'>): CertificateAuthorityRecord | undefined {
  const record = catalog.get('certificate-authority/self')
  return record?.kind === 'certificate-authority' ? record : undefined
}

const seal = (sealer: Sealer, { key, cert }: Identity): CertificateAuthorityRecord => ({
  kind: 'certificate-authority',
  id: 'self',
  certificate: cert,
  key: sealer.seal(Buffer.from(key), AUTHORITY_CONTEXT).toString('base64'),
})

const open = (sealer: Sealer, { key, certificate }: CertificateAuthorityRecord): Identity => ({
  key: sealer.open(Buffer.from(key, 'base64'), AUTHORITY_CONTEXT).toString(),
  cert: certificate,
})
