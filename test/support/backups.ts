/** Backups without files and processes, and clusters made of them: everything else is as `strongroom backup` has it. */
import { randomBytes } from 'node:crypto'
import { bytesOf } from '../../src/administration/backup/create.ts'
import { createBackupReader } from '../../src/backup/frames.ts'
import { readHeader } from '../../src/backup/header.ts'
import { type Entry, readParts, sealersOf } from '../../src/backup/parts.ts'
import { backupKeysOf, openWithMasterKey } from '../../src/backup/ways.ts'
import type { Hsm } from '../../src/contract/hsm.ts'
import { createSealer } from '../../src/crypto/seal.ts'
import type { Engine } from '../../src/engine/engine.ts'
import type { EngineNeeds } from '../../src/engine/needs.ts'
import { restoreInto } from '../../src/engine/restore.ts'
import { memoryStore } from '../../src/store/memory.ts'
import type { Store } from '../../src/store/store.ts'
import { MASTER_KEY, testEngine } from './engine.ts'

/** @param token of an admin */
export async function backupOf(hsm: Hsm, token: string): Promise<Buffer> {
  const begun = await hsm.call('backup.begin', {}, token)
  const chunks: Buffer[] = []
  for await (const bytes of bytesOf(hsm, token, begun.backup, begun)) chunks.push(bytes)
  return Buffer.concat(chunks)
}

/** In chunks that have nothing to do with what is in it. */
export async function* chunksOf(bytes: Uint8Array, size = 1000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield Buffer.from(bytes.subarray(at, at + size))
}

export type Clone = {
  readonly engine: Engine
  readonly store: Store
  readonly clusterId: string
  readonly masterKey: Buffer
}

/** Another cluster, from a backup. */
export async function cloneFrom(
  backup: Uint8Array,
  clusterId: string,
  { masterKey = MASTER_KEY, ...changes }: Partial<EngineNeeds> & { masterKey?: Buffer } = {},
): Promise<Clone> {
  const own = randomBytes(32)
  const sealer = createSealer(own, 'material', clusterId)
  const store = memoryStore()
  const hsm = { id: `hsm-of-${clusterId}`, version: '1.2.3', address: () => '127.0.0.1:2223' }
  const { source, from, parts } = await opened(backup, masterKey)
  const options = { source, clusterId, hsmId: hsm.id, from, to: sealer, random: randomBytes, now: Date.now() }
  await restoreInto(store, parts, options)
  const backupKeys = backupKeysOf(own, clusterId)
  const engine = await testEngine({ store, sealer, clusterId, backupKeys, hsm, ...changes })
  return { engine, store, clusterId, masterKey: own }
}

/** What `restoreInto` is given of a backup. */
export async function opened(backup: Uint8Array, masterKey: Buffer = MASTER_KEY) {
  const reader = createBackupReader(chunksOf(backup))
  const { header, line } = await readHeader(reader)
  const source = header['cluster-id']
  const sealers = sealersOf(openWithMasterKey(header, masterKey), source)
  const parts: AsyncIterable<readonly Entry[]> = readParts(reader, line, sealers)
  return { source, from: sealers.material, parts }
}
