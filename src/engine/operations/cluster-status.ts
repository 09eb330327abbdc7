import { allow } from '../../policy/decision.ts'
import { clusterOf } from '../cluster-state.ts'
import { read } from '../pipelines.ts'

export const clusterStatus = read<'cluster.status'>(({ parts, view }) => {
  const { clusterId, state, mode, hsmType } = clusterOf(view)
  return allow({
    'cluster-id': clusterId,
    state,
    mode,
    'hsm-type': hsmType,
    'uptime-seconds': Math.floor((parts.monotonic() - parts.startedAt) / 1000),
    users: view.userCount(),
    keys: view.keyCount(),
    sessions: parts.sessions.count(),
  })
})
