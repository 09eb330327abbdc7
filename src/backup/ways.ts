/** The key of a backup, sealed under the master key of the cluster, and under a passphrase if there is one. */
import { randomBytes } from 'node:crypto'
import { HsmError } from '../contract/errors.ts'
import { type KeyCost, passphraseKey } from '../crypto/passphrase.ts'
import { createSealer, masterKeyCheck, type Sealer } from '../crypto/seal.ts'
import { damaged, type Header, type MasterKeyWay, type PassphraseWay } from './header.ts'

/** What an HSM has of its master key to make backups with. */
export type BackupKeys = { readonly check: string; readonly sealer: Sealer }

export const BACKUP_KEY_BYTES = 32
const SALT_BYTES = 16

/** @param masterKey 32 bytes; read here and not kept */
export const backupKeysOf = (masterKey: Uint8Array, clusterId: string): BackupKeys => ({
  check: masterKeyCheck(masterKey),
  sealer: createSealer(masterKey, 'backup', clusterId),
})

type About = Pick<Header, 'backup' | 'cluster-id'>

const contextOf = ({ backup }: About): string => `backup-key/${backup}`

/** @param key of the backup, 32 bytes, sealed under one derived from the master key */
export const masterKeyWay = (about: About, { check, sealer }: BackupKeys, key: Uint8Array): MasterKeyWay => ({
  way: 'master-key',
  check,
  key: sealer.seal(key, contextOf(about)).toString('base64'),
})

/** @param passphrase its UTF-8 bytes count as they are */
export async function passphraseWay(
  about: About,
  key: Uint8Array,
  passphrase: string,
  cost: KeyCost,
): Promise<PassphraseWay> {
  const salt = randomBytes(SALT_BYTES)
  const sealer = await passphraseSealer(about, passphrase, { ...cost, salt })
  return {
    way: 'passphrase',
    ...cost,
    salt: salt.toString('base64'),
    key: sealer.seal(key, contextOf(about)).toString('base64'),
  }
}

/**
 * The key of the backup, the caller's to wipe.
 * @throws HsmError `bad-credentials` when it is not the master key of the cluster, `invalid-data` when the header is damaged
 */
export function openWithMasterKey(header: Header, masterKey: Uint8Array): Buffer {
  const way = header.ways.find((candidate) => candidate.way === 'master-key')
  if (!way) throw new HsmError('bad-credentials', 'This backup cannot be opened with a master key')
  const { check, sealer } = backupKeysOf(masterKey, header['cluster-id'])
  if (check !== way.check) throw new HsmError('bad-credentials', 'The backup is of another master key')
  return unsealed(header, sealer, way.key, damaged)
}

/** @throws HsmError `bad-credentials` when it is another passphrase (or the header is damaged: there is no telling) */
export async function openWithPassphrase(header: Header, passphrase: string): Promise<Buffer> {
  const way = header.ways.find((candidate) => candidate.way === 'passphrase')
  if (!way) throw new HsmError('bad-credentials', 'This backup cannot be opened with a passphrase')
  const salt = Buffer.from(way.salt, 'base64')
  const sealer = await passphraseSealer(header, passphrase, { ...way, salt })
  const wrong = () => new HsmError('bad-credentials', 'The passphrase does not open the backup')
  return unsealed(header, sealer, way.key, wrong)
}

async function passphraseSealer(
  about: About,
  passphrase: string,
  cost: KeyCost & { readonly salt: Uint8Array },
): Promise<Sealer> {
  const key = await passphraseKey(passphrase, cost)
  try {
    return createSealer(key, 'backup', about['cluster-id'])
  } finally {
    key.fill(0)
  }
}

function unsealed(about: About, sealer: Sealer, sealed: string, refusal: () => HsmError): Buffer {
  let key: Buffer
  try {
    key = sealer.open(Buffer.from(sealed, 'base64'), contextOf(about))
  } catch {
    throw refusal()
  }
  if (key.length !== BACKUP_KEY_BYTES) throw damaged()
  return key
}
