/** A random walk of two crypto users who play together, through all calls that have to do with the values of keys. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { HsmError } from '../../../src/contract/errors.ts'
import type { Hsm } from '../../../src/contract/hsm.ts'
import { createSealer } from '../../../src/crypto/seal.ts'
import { materialContext } from '../../../src/crypto/sealed-fields.ts'
import { type KeyRecord, recordKey } from '../../../src/model/records.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import type { Store } from '../../../src/store/store.ts'
import { CLUSTER_ID, MASTER_KEY, testEngine } from '../../support/engine.ts'
import { createWorld } from '../../support/world.ts'
import { createKnowledge, type How } from './knowledge.ts'
import { MOVES } from './moves.ts'
import type { Made, MoveName, Step, Walk } from './step.ts'

type Leak = { readonly key: string; readonly ways: readonly How[]; readonly insistsOnTrusted: boolean }
type Outcome = {
  readonly leaks: readonly Leak[]
  /** How many calls of each kind were not refused. */
  readonly done: ReadonlyMap<MoveName, number>
  readonly secrets: number
}

/** Shorter secrets are found by trying. */
const SECRET_BYTES_MIN = 16

/**
 * @param applyAt before which step the policy is applied; undefined: not at all
 * @param rsa a private key of the attackers
 * @returns which secrets of keys made under the policy, or of all keys without it, came out
 */
export async function walk(
  steps: readonly Step[],
  rsa: KeyObject,
  applyAt: number | undefined,
): Promise<Outcome> {
  const store = memoryStore()
  const engine = await testEngine({ store })
  try {
    const world = await createWorld(engine as Hsm)
    const record = (reference: string) => store.catalog.key(reference) as KeyRecord
    const state: Walk = { world, knowledge: createKnowledge([rsa]), keys: [], record }
    const done = new Map<MoveName, number>()
    let old = new Set<string>()
    for (const [at, step] of steps.entries()) {
      if (at === applyAt) {
        await world.as('admin', 'policy.apply', { policy: 'trusted-wrapping' })
        old = new Set([...store.catalog.keys()].flatMap((key) => secretOf(store, key)?.toString('hex') ?? []))
      }
      if (await move(state, step, rsa)) done.set(step.move, (done.get(step.move) ?? 0) + 1)
    }
    const secrets = state.keys
      .filter((key) => isSecret(key, record))
      .map(({ reference }) => ({
        key: record(reference),
        value: secretOf(store, record(reference)) ?? Buffer.of(),
      }))
      .filter(({ value }) => value.length >= SECRET_BYTES_MIN && !old.has(value.toString('hex')))
    const leaks = secrets
      .map(({ key, value }) => ({
        key: key.id,
        ways: state.knowledge.waysTo(value),
        insistsOnTrusted: key.flags['wrap-with-trusted'],
      }))
      .filter(({ ways }) => ways.length > 0)
    return { leaks, done, secrets: secrets.length }
  } finally {
    await engine.close()
  }
}

async function move(state: Walk, step: Step, rsa: KeyObject): Promise<boolean> {
  try {
    return await MOVES[step.move](state, step, rsa)
  } catch (error) {
    if (error instanceof HsmError && error.code !== 'internal') return false
    throw error
  }
}

/** Whether a key was made in the HSM, from such keys only, and has always been sensitive. */
function isSecret({ reference, derivedFrom }: Made, record: Walk['record']): boolean {
  const { flags } = record(reference)
  if (!derivedFrom) return flags.local && flags['always-sensitive']
  return (
    flags['always-sensitive'] &&
    derivedFrom.every((half) => half !== undefined && record(half).flags['always-sensitive'])
  )
}

const sealer = createSealer(MASTER_KEY, 'material', CLUSTER_ID)

/** The secret in a key: its bytes, or the private scalar. Undefined for public keys. */
function secretOf(store: Store, key: KeyRecord): Buffer | undefined {
  if (key.keyClass === 'public-key') return undefined
  const material = sealer.open(
    Buffer.from(store.material(recordKey(key)) as string, 'base64'),
    materialContext(key),
  )
  if (key.keyClass === 'secret-key') return material
  const { d, p } = createPrivateKey({ key: material, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' })
  return Buffer.from(String(p ?? d), 'base64url')
}
