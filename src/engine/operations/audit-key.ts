import { newSigningKey, publicKeyPem, signStatement } from '../../audit/statement.ts'
import { HsmError } from '../../contract/errors.ts'
import type { Reply } from '../../contract/operations.ts'
import { openAuditKey, sealAuditKey } from '../../crypto/sealed-fields.ts'
import type { ClusterRecord, JournalHead } from '../../model/records.ts'
import { allow, type Decision } from '../../policy/decision.ts'
import { clusterOf } from '../cluster-state.ts'
import { headOf, type JournalPlace, readJournal } from '../journal/reading.ts'
import type { Parts } from '../parts.ts'
import { change } from '../pipeline/pipeline.ts'

/** The members of a cluster record that a new key is. Made before the transaction, and not used when there is a key already. */
type Candidate = Required<Pick<ClusterRecord, 'auditKey' | 'auditPublicKey'>> | undefined

function candidate({ store, sealer }: Parts): Candidate {
  if (clusterOf(store.catalog).auditKey !== undefined) return undefined
  const { publicKey, privateKey } = newSigningKey()
  try {
    return { auditKey: sealAuditKey(sealer, privateKey), auditPublicKey: publicKey.toString('base64') }
  } finally {
    privateKey.fill(0)
  }
}

function withKey(cluster: ClusterRecord, made: Candidate): Decision<void> {
  if (cluster.auditKey !== undefined || !made) return allow(undefined)
  return allow(undefined, { put: { ...cluster, ...made } })
}

export const auditKey = change<'audit.key', void, Candidate>({
  work: (_facts, _request, { parts }) => candidate(parts),
  change: ({ cluster }, _request, { made }) => withKey(cluster, made),
  reply: ({ parts }) => ({ 'public-key': publicKeyPem(clusterOf(parts.store.catalog).auditPublicKey ?? '') }),
})

/** Where the export begins is read before, for it does not change; how far the journal goes is said as it is afterwards. */
type Prepared = { readonly candidate: Candidate; readonly begin: Begin; readonly place: JournalPlace }

export const auditStatement = change<'audit.statement', void, Prepared, Prepared>({
  async work(_facts, { hsm: asked, journal, first }, { parts }) {
    const hsm = asked ?? parts.hsm.id
    const place = { hsm, journal }
    return { candidate: candidate(parts), begin: await beginOf(parts, place, first), place }
  },
  change({ cluster }, _request, { made: prepared }) {
    const decision = withKey(cluster, prepared.candidate)
    return decision.allow ? allow(prepared, ...decision.writes) : decision
  },
  reply: ({ parts }, { begin, place }) => stated(parts, place, begin),
})

function stated(parts: Parts, place: JournalPlace, begin: Begin): Reply<'audit.statement'> {
  const { clusterId, auditKey: sealed } = clusterOf(parts.store.catalog)
  const { count, hash } = headOf(parts, place)
  const key = openAuditKey(parts.sealer, sealed ?? '')
  try {
    const about = { statement: 'strongroom-audit', version: 1, cluster: clusterId, ...place } as const
    return signStatement({ ...about, ...begin, count, hash, at: parts.now() }, key)
  } finally {
    key.fill(0)
  }
}

type Begin = Pick<JournalHead, 'first' | 'previous'>

/** Where an export begins: with the oldest entry there is, or with one that was asked for. */
async function beginOf(parts: Parts, place: JournalPlace, wanted: number | undefined): Promise<Begin> {
  const { first, previous, count } = headOf(parts, place)
  if (wanted === undefined || wanted <= first) return { first, previous }
  if (wanted > count) {
    throw new HsmError('invalid-request', `There is no entry ${wanted}: the journal has ${count}`)
  }
  const [before] = await readJournal(parts, place, wanted - 1, 1)
  if (before?.sequence === wanted - 1) return { first: wanted, previous: before.hash }
  // It was dropped meanwhile.
  const now = headOf(parts, place)
  return { first: now.first, previous: now.previous }
}
