/** The commands of `strongroom audit` and `strongroom audit-policy`. */
import { tell } from '../../base/standard-streams.ts'
import type { Group } from '../../cli/spec.ts'
import {
  AUDIT_EXPORT,
  AUDIT as AUDIT_OPTIONS,
  AUDIT_POLICY_SET,
  AUDIT_POLICY_SHOW,
  AUDIT_VERIFY,
  auditOptions,
  auditPolicyChanges,
  exportOptions,
  futureNote,
  verifiedFiles,
} from '../audit/options.ts'
import { HOME } from '../options.ts'
import { wrongUsage } from '../outcome.ts'
import { AS_ADMIN, type Task, task } from './command.ts'

const PRINT = task({
  name: 'audit',
  about: 'Print the audit log or the key-use journal and verify its chain, as an admin',
  options: AUDIT_OPTIONS,
  examples: [
    `${AS_ADMIN} strongroom audit --since 2h --outcome refused`,
    `${AS_ADMIN} strongroom audit --hsm all --follow --format json`,
    `${AS_ADMIN} strongroom audit --key-use --key pay --user alice`,
  ],
  settle(options, { homeOf, credentials, print, now }) {
    const [at, wanted, asked] = [homeOf(options.home), auditOptions(options, now()), now()]
    return async () => {
      const { operationProblem } = await import('../audit/unknown-names.ts')
      const problem = operationProblem(wanted.only)
      if (problem !== undefined) return wrongUsage(problem)
      const who = await credentials()
      await tell(futureNote(wanted.only.since, asked))
      return (await import('../audit/print.ts')).audit(at, { ...wanted, who, print })
    }
  },
})

const VERIFY = task({
  name: 'verify',
  about: 'Verify the journals of the running HSM, or an export',
  options: AUDIT_VERIFY,
  examples: [
    `${AS_ADMIN} strongroom audit verify --hsm all`,
    'strongroom audit verify audit.jsonl --key audit-key.pem',
  ],
  settle({ FILE: file, key, home, hsm }, { homeOf, credentials }) {
    const [at, files] = [homeOf(home), verifiedFiles(file, key)]
    return async () => {
      const { verifyFile, verifyLive } = await import('../audit/verify.ts')
      return files ? verifyFile(files.file, files.key) : verifyLive(at, await credentials(), hsm)
    }
  },
})

const EXPORT = task({
  name: 'export',
  about: 'Write a journal as JSON Lines, with a signed statement as the last line',
  options: AUDIT_EXPORT,
  examples: [`${AS_ADMIN} strongroom audit export > audit.jsonl`],
  settle(options, { homeOf, credentials, print, now }) {
    const [at, wanted, asked] = [homeOf(options.home), exportOptions(options, now()), now()]
    return async () => {
      const who = await credentials()
      await tell(futureNote(wanted.since, asked))
      return (await import('../audit/export.ts')).exportJournal(at, { ...wanted, who, print })
    }
  },
})

const KEY = task({
  name: 'key',
  about: 'Print the public key that exports are verified with',
  options: { home: HOME },
  examples: [`${AS_ADMIN} strongroom audit key > audit-key.pem`],
  settle({ home }, { homeOf, credentials }) {
    const at = homeOf(home)
    return async () => {
      const who = await credentials()
      return (await import('../audit/export.ts')).publicKey(at, who)
    }
  },
})

const POLICY_SHOW = task({
  name: 'show',
  about: 'Show what is recorded of uses of keys',
  options: AUDIT_POLICY_SHOW,
  examples: [`${AS_ADMIN} strongroom audit-policy show`],
  settle({ home, json = false }, { homeOf, credentials }) {
    const at = homeOf(home)
    return async () => {
      const who = await credentials()
      return (await import('../audit/policy.ts')).showAuditPolicy(at, who, json)
    }
  },
})

const POLICY_SET = task({
  name: 'set',
  about: 'Set what is recorded of uses of keys; what is left out stays as it is',
  options: AUDIT_POLICY_SET,
  examples: [`${AS_ADMIN} strongroom audit-policy set --key-use all --max-size 2GiB --max-age 90d`],
  settle(options, { homeOf, credentials }) {
    const { home, json = false } = options
    const [at, changes] = [homeOf(home), auditPolicyChanges(options)]
    return async () => {
      const who = await credentials()
      return (await import('../audit/policy.ts')).setAuditPolicy(at, who, changes, json)
    }
  },
})

export const AUDIT: Group<Task> = {
  name: PRINT.name,
  about: PRINT.about,
  alone: PRINT.command,
  commands: [VERIFY, EXPORT, KEY],
}

export const AUDIT_POLICY: Group<Task> = {
  name: 'audit-policy',
  about: 'Show or set what the cluster records of uses of its keys, as an admin',
  commands: [POLICY_SHOW, POLICY_SET],
}
