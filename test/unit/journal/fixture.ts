/** A key-use journal in a directory of its own, that a test opens, damages and opens again. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { verifyEntries } from '../../../src/audit/chain.ts'
import { type AuditPolicy, DEFAULT_AUDIT_POLICY } from '../../../src/contract/audit-policy.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import { createSealer } from '../../../src/crypto/seal.ts'
import { openKeyUseJournal } from '../../../src/journal/key-use-journal.ts'
import type { AuditEntry, AuditEvent } from '../../../src/model/audit.ts'
import type { JournalHead } from '../../../src/model/records.ts'

export const HSM = 'hsm-a'

export const use = (changes: Partial<AuditEvent> = {}): AuditEvent => ({
  at: 1_772_615_722_104,
  actor: 'alice',
  operation: 'crypto.sign',
  outcome: 'ok',
  subjects: ['key/0x0000000000000123'],
  role: 'crypto-user',
  session: '0123456789abcdef',
  source: 'https 192.0.2.7',
  mechanism: 'ecdsa',
  ...changes,
})

export const turn = () => new Promise((resolve) => setImmediate(resolve))

export function journalIn(t: TestContext, changes: Partial<AuditPolicy> = {}) {
  const home = mkdtempSync(join(tmpdir(), 'strongroom-journal-'))
  t.after(() => rmSync(home, { recursive: true }))
  const directory = join(home, 'key-use')
  const sealer = createSealer(randomBytes(32), 'key-use', 'cluster-a')
  const state = {
    policy: { ...DEFAULT_AUDIT_POLICY, keyUse: 'all', ...changes } as AuditPolicy,
    anchored: undefined as JournalHead | undefined,
    told: [] as string[],
    /** Whether the store takes a head. */
    isStoring: true as boolean,
    problems: [] as unknown[],
    now: 0,
    wall: Date.now(),
  }
  const files = () => readdirSync(directory).sort()
  return {
    directory,
    state,
    files,
    file: (name: string) => join(directory, name),
    bytes: () => files().reduce((sum, name) => sum + readFileSync(join(directory, name)).length, 0),
    open: () =>
      openKeyUseJournal({
        place: { directory, hsm: HSM, clusterId: 'cluster-a', sealer },
        policy: () => state.policy,
        now: () => state.wall,
        monotonic: () => state.now,
        anchored: () => state.anchored,
        anchor: async (head) => {
          if (!state.isStoring) throw new HsmError('store-failure')
          state.anchored = head
        },
        log(_level, { err }, message) {
          state.told.push(message)
          state.problems.push(err)
        },
      }),
    /** Changes a file as somebody would who can write to it. */
    tamper(name: string, change: (bytes: Buffer) => Buffer) {
      const path = join(directory, name)
      writeFileSync(path, change(readFileSync(path)))
    },
  }
}

type Readable = Pick<Awaited<ReturnType<typeof openKeyUseJournal>>, 'head' | 'read'>

/** Everything that is kept, in pages, proven. */
export async function all(journal: Readable, page = 7): Promise<readonly AuditEntry[]> {
  const head = journal.head()
  if (!head) return []
  const entries: AuditEntry[] = []
  for (let next = head.first; next < head.count; next = (entries.at(-1)?.sequence ?? 0) + 1) {
    const some = await journal.read(next, page)
    if (some.length === 0) throw new Error(`entry ${next} is missing`)
    entries.push(...some)
  }
  const broken = verifyEntries(entries, head.previous)
  if (broken) throw new Error(`${broken.sequence}: ${broken.why}`)
  return entries
}
