/** Runs the commands of the program strongroom. Each loads what it needs: only `start` loads the HSM. */
import { homedir } from 'node:os'
import {
  auditOptions,
  auditPolicyChanges,
  exportOptions,
  verifiedFiles,
} from '../administration/audit/option-values.ts'
import {
  absolute,
  etcdOptions,
  openingOf,
  pathOrDash,
  startOptions,
  wholeEtcd,
  wordsOf,
} from '../administration/option-values.ts'
import type * as spec from '../administration/options.ts'
import { done, type Outcome } from '../administration/outcome.ts'
import type { TaskName } from '../administration/tree.ts'
import { writeOutput } from '../base/standard-streams.ts'
import type { Credentials } from '../cli/cluster-login.ts'
import type { Args } from '../cli/spec.ts'
import { defaultHome } from '../client-config/locate.ts'
import { type Home, homeAt, startCommand } from '../home/home.ts'

type OnHome = { readonly home?: string }
type AsJson = OnHome & { readonly json?: true }

/**
 * From options to the work. What the options mean is settled before any of it.
 *
 * @throws HsmError `invalid-request` when an option means nothing
 */
type Task = (options: never) => () => Promise<Outcome>

export const TASKS = {
  start({ home, detach, ...options }: Args<typeof spec.START>) {
    const [at, start] = [homeOf(home), startOptions(options)]
    return async () => {
      if (!detach) return (await import('./serve.ts')).serve(at, start, program())
      return (await import('./detach.ts')).detach(at, wordsOf(options), program())
    }
  },
  stop: onHome(async (home) => (await import('../administration/stop.ts')).stop(home)),
  status: onHome(async (home, json) => (await import('../administration/status.ts')).status(home, { json })),
  audit(options: Args<typeof spec.AUDIT>) {
    const [at, wanted] = [homeOf(options.home), auditOptions(options, Date.now())]
    return async () => {
      const who = await whoAsks()
      const { audit } = await import('../administration/audit/print.ts')
      return audit(at, { ...wanted, who, print: writeOutput })
    }
  },
  'audit-verify'({ FILE: file, key, home, hsm }: Args<typeof spec.AUDIT_VERIFY>) {
    const [at, files] = [homeOf(home), verifiedFiles(file, key)]
    return async () => {
      const { verifyFile, verifyLive } = await import('../administration/audit/verify.ts')
      return files ? verifyFile(files.file, files.key) : verifyLive(at, await whoAsks(), hsm)
    }
  },
  'audit-export'(options: Args<typeof spec.AUDIT_EXPORT>) {
    const [at, wanted] = [homeOf(options.home), exportOptions(options, Date.now())]
    return async () => {
      const who = await whoAsks()
      const { exportJournal } = await import('../administration/audit/export.ts')
      return exportJournal(at, { ...wanted, who, print: writeOutput })
    }
  },
  'audit-key': onHome(async (home) => {
    const who = await whoAsks()
    return (await import('../administration/audit/export.ts')).publicKey(home, who)
  }),
  'audit-policy-show': onHome(async (home, json) => {
    const who = await whoAsks()
    return (await import('../administration/audit/policy.ts')).showAuditPolicy(home, who, json)
  }),
  'audit-policy-set'(options: Args<typeof spec.AUDIT_POLICY_SET>) {
    const [at, changes] = [homeOf(options.home), auditPolicyChanges(options)]
    return async () => {
      const who = await whoAsks()
      const { setAuditPolicy } = await import('../administration/audit/policy.ts')
      return setAuditPolicy(at, who, changes, options.json === true)
    }
  },
  'policy-apply': onHome(async (home) => {
    const who = await whoAsks()
    return (await import('../administration/policy.ts')).applyTrustedWrapping(home, who)
  }),
  'policy-show': onHome(async (home, json) => {
    const who = await whoAsks()
    return (await import('../administration/policy.ts')).showPolicy(home, who, json)
  }),
  env({ home, socket }: Args<typeof spec.ENV>) {
    const [at, named] = [homeOf(home), absolute(socket)]
    return async () => {
      const { servedSocket } = await import('../home/running.ts')
      return (await import('../administration/env.ts')).env(named ?? servedSocket(at))
    }
  },
  pkcs11({ home, config, 'cluster-id': clusterId, socket }: Args<typeof spec.AGENT>) {
    const [at, named] = [homeOf(home), absolute(socket)]
    const options = { config, clusterId, socket: named ?? at.pkcs11, named: named !== undefined }
    return async () => (await import('./agent.ts')).agent({ ...options, program: program() })
  },
  'pkcs11-keep'({ home, config, 'cluster-id': clusterId }: Args<typeof spec.KEEP>) {
    const source = home === undefined ? { config, clusterId } : { home: homeOf(home) }
    return async () => (await import('./keep.ts')).keep(source)
  },
  'backup-create'({ home, to, 'passphrase-file': file }: Args<typeof spec.BACKUP_CREATE>) {
    const [at, target] = [homeOf(home), pathOrDash(to)]
    return async () => {
      const who = await whoAsks()
      const { readNewPassphrase } = await import('../administration/backup/opening.ts')
      const passphrase = file === undefined ? undefined : await readNewPassphrase(file)
      return (await import('../administration/backup/create.ts')).createBackup(at, {
        who,
        to: target,
        passphrase,
      })
    }
  },
  'backup-restore'(given: Args<typeof spec.BACKUP_RESTORE>) {
    const { home, FILE: file, 'keep-id': keepId, ...options } = given
    const at = homeOf(home)
    const [opening, etcd] = [openingOf(options), wholeEtcd(options)]
    return async () =>
      (await import('../administration/backup/restore.ts')).restoreBackup(at, {
        file,
        opening,
        etcd,
        keepId: keepId === true,
      })
  },
  'backup-inspect':
    ({ FILE: file, json }: Args<typeof spec.BACKUP_INSPECT>) =>
    async () =>
      (await import('../administration/backup/inspect.ts')).inspectBackup(file, { json: json === true }),
  demo: () => async () => {
    const [{ demo }, { openHsm }, { clientClusters }] = await Promise.all([
      import('../administration/demo.ts'),
      import('./open-hsm.ts'),
      import('./client-clusters.ts'),
    ])
    return demo({ print: writeOutput, openHsm, clusters: (config) => clientClusters(config, {}) })
  },
  'node-invite': onHome(async (home) =>
    done(await (await import('../node/invite.ts')).invite(home, Date.now())),
  ),
  'node-join'({ home, 'secret-file': file, ...options }: Args<typeof spec.NODE_JOIN>) {
    const [at, from, etcd] = [homeOf(home), pathOrDash(file), etcdOptions(options)]
    return async () => {
      const { readSecret } = await import('../administration/secret-file.ts')
      const secret = await readSecret(from)
      const { join } = await import('../node/join.ts')
      const clusterId = await join(at, { secret, etcd, now: Date.now() })
      return done(
        `This machine belongs to ${clusterId} now. Start its HSM with: ${startCommand(at, '--listen HOST:PORT')}`,
      )
    }
  },
} as const satisfies Record<TaskName, Task>

/** Work on a home, which is all there is to settle. */
function onHome(run: (home: Home, json: boolean) => Promise<Outcome>) {
  return ({ home, json }: AsJson) => {
    const at = homeOf(home)
    return () => run(at, json === true)
  }
}

/** As cloudhsm-cli is told for a single command. */
async function whoAsks(): Promise<Credentials> {
  const { credentials } = await import('../cli/credentials.ts')
  return credentials(process.env, '')
}

const homeOf = (given: string | undefined): Home =>
  homeAt(given === undefined ? defaultHome(process.env, homedir()) : given)

/** The script that this process runs. */
const program = (): string => process.argv[1] ?? ''
