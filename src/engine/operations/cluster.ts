/** The cluster itself: its state, its HSMs, its policy, what it keeps in memory. */
import { type HsmFacts, isServing } from '../../cluster/cluster.ts'
import type { Reply } from '../../contract/operations.ts'
import type { Mode } from '../../contract/profiles.ts'
import { allow } from '../../policy/decision.ts'
import { materialInMemoryOf, setMaterialInMemory } from '../../policy/key-material.ts'
import { mayApplyTrustedWrapping } from '../../policy/trusted-wrapping/profile.ts'
import { mayActivate } from '../../policy/users.ts'
import { clusterOf } from '../cluster-state.ts'
import type { Parts } from '../parts.ts'
import { answer, change } from '../pipeline/pipeline.ts'
import { policyState } from '../reply/policy-state.ts'

type Activated =
  ReturnType<typeof mayActivate> extends infer D
    ? Extract<D, { allow: true }> extends { result: infer R }
      ? R
      : never
    : never

export const clusterActivate = change<'cluster.activate', Activated, string>({
  may: ({ cluster, view }) => mayActivate(cluster, view.userByName('admin')),
  work: (_facts, { password }, { parts: { passwords } }) => passwords.hash(password),
  change: (_facts, _request, { permitted: activated, made: password }) =>
    allow(activated, { put: { ...activated.admin, password } }, { put: activated.cluster }),
  reply: () => ({}),
})

export const clusterStatus = answer<'cluster.status'>({
  read({ view, cluster: { clusterId, state, mode, hsmType } }, _request, parts) {
    return allow({
      'cluster-id': clusterId,
      state,
      mode,
      'hsm-type': hsmType,
      'uptime-seconds': Math.floor((parts.monotonic() - parts.startedAt) / 1000),
      users: view.userCount(),
      keys: view.keyCount(),
      sessions: parts.sessions.count(),
      serving: isServing(parts.cluster.serving),
      ...parts.cluster.status?.(),
    })
  },
})

const FIPS_STATES: Readonly<Record<Mode, string>> = {
  fips: '2 [FIPS mode with single factor authentication]',
  'non-fips': '0 [non-FIPS mode with single factor authentication]',
}

export const clusterHsmInfo = answer<'cluster.hsm-info'>({
  read: ({ cluster: { mode } }, _request, parts) =>
    allow({ hsms: parts.cluster.hsms().map((hsm) => shown(hsm, mode)) }),
})

function shown({ id, address, version }: HsmFacts, mode: Mode) {
  const [major = '0', minor = '0', build = '0'] = version.split('.')
  return {
    vendor: 'Strongroom',
    model: 'Strongroom software HSM',
    'serial-number': id,
    'hardware-version-major': '0',
    'hardware-version-minor': '0',
    'firmware-version-major': major,
    'firmware-version-minor': minor,
    'firmware-build-number': build,
    'firmware-id': `STRONGROOM-${version}`,
    'fips-state': FIPS_STATES[mode],
    'hsm-id': id,
    address,
    state: 'ACTIVE',
  }
}

/** The barrier ends every use of a key that is under way: it was decided without the policy. */
export const policyApply = change<'policy.apply', void>({
  may: ({ cluster }) => mayApplyTrustedWrapping(cluster),
  reply: ({ parts }) => policyState(parts.store.catalog),
})

export const policyShow = answer<'policy.show'>({ read: ({ view }) => allow(policyState(view)) })

export const clusterSetMaterial = change<'cluster.set-material', void>({
  may: ({ cluster }, { 'in-memory': choice }) => setMaterialInMemory(cluster, choice),
  reply: ({ parts }) => materialState(parts),
})

export const clusterShowMaterial = answer<'cluster.show-material'>({
  read: (_facts, _request, parts) => allow(materialState(parts)),
})

function materialState({ store: { catalog }, cluster }: Parts): Reply<'cluster.show-material'> {
  const kept = cluster.status?.().material
  return {
    'in-memory': materialInMemoryOf(clusterOf(catalog)),
    keys: catalog.keyCount(),
    ...(kept && { kept: { keys: kept.keys, bytes: kept.bytes } }),
  }
}
