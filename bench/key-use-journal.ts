/** What the key-use journal costs: P-256 signatures in process without it and with it, in turn, in one run. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AuditPolicy, DEFAULT_AUDIT_POLICY } from '../src/contract/audit-policy.ts'
import { createSealer } from '../src/crypto/seal.ts'
import { openKeyUseJournal } from '../src/journal/key-use-journal.ts'
import type { JournalHead } from '../src/model/records.ts'
import { CLUSTER_ID, MASTER_KEY, testEngine } from '../test/support/engine.ts'
import { base64, createWorld, ECDSA, makePair, reference } from '../test/support/world.ts'
import { type Contender, race } from './measure.ts'
import type { Compared } from './signing.ts'

const OFF = DEFAULT_AUDIT_POLICY
const ALL: AuditPolicy = { ...OFF, keyUse: 'all' }
const SAMPLED: AuditPolicy = { ...OFF, keyUse: 'sampled' }
const REFUSE: AuditPolicy = { ...ALL, onFull: 'refuse' }

/** Each is held against the same without the journal and with as many in flight. */
export async function keyUseJournal(): Promise<Compared> {
  const home = mkdtempSync(join(tmpdir(), 'strongroom-bench-'))
  let policy = OFF
  let anchored: JournalHead | undefined
  const journal = await openKeyUseJournal({
    place: {
      directory: join(home, 'key-use'),
      hsm: 'hsm-bench',
      clusterId: CLUSTER_ID,
      sealer: createSealer(MASTER_KEY, 'key-use', CLUSTER_ID),
    },
    policy: () => policy,
    now: Date.now,
    monotonic: () => performance.now(),
    anchored: () => anchored,
    async anchor(head) {
      anchored = head
    },
    log: () => undefined,
  })
  const engine = await testEngine({ keyUseJournal: journal })
  try {
    const world = await createWorld(engine)
    const { priv } = await makePair(world, 'alice', { label: 'bench' })
    const data = [base64('x'.repeat(256))]
    const contender = (
      name: string,
      wanted: AuditPolicy,
      inFlight: number,
      against?: Contender,
    ): Contender => ({
      name,
      inFlight,
      operation() {
        policy = wanted
        return world.as('alice', 'crypto.sign', { filter: reference(priv), mechanism: ECDSA, data })
      },
      ...(against && { against }),
    })
    const [one, many] = [contender('off', OFF, 1), contender('off', OFF, 256)]
    const standings = await race([
      one,
      contender('sampled', SAMPLED, 1, one),
      contender('all', ALL, 1, one),
      many,
      contender('all', ALL, 256, many),
      contender('all, --on-full refuse', REFUSE, 256, many),
    ])
    return ['P-256 sign in process, key-use journal', standings]
  } finally {
    await engine.close()
    rmSync(home, { recursive: true })
  }
}
