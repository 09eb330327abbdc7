/** The commands of the program strongroom: the HSM and its administration. */
import type { Group, Leaf, Options, Root, Shape } from '../cli/spec.ts'
import {
  AGENT,
  AUDIT,
  AUDIT_EXPORT,
  AUDIT_POLICY_SET,
  AUDIT_POLICY_SHOW,
  AUDIT_VERIFY,
  BACKUP_CREATE,
  BACKUP_INSPECT,
  BACKUP_RESTORE,
  ENV,
  HOME,
  JSON_OUTPUT,
  KEEP,
  NODE_JOIN,
  START,
} from './options.ts'

/** What carries a command out is looked up by this name. */
export type TaskName =
  | 'start'
  | 'stop'
  | 'status'
  | 'audit'
  | 'audit-verify'
  | 'audit-export'
  | 'audit-key'
  | 'audit-policy-show'
  | 'audit-policy-set'
  | 'policy-show'
  | 'policy-apply'
  | 'backup-create'
  | 'backup-restore'
  | 'backup-inspect'
  | 'env'
  | 'pkcs11'
  | 'pkcs11-keep'
  | 'demo'
  | 'node-invite'
  | 'node-join'

export type Task = Shape & { readonly task: TaskName }

type Rest = { readonly options?: Options; readonly examples?: readonly string[] }

const leaf = (
  name: string,
  task: TaskName,
  about: string,
  { options = { home: HOME }, examples = [] }: Rest,
): Leaf<Task> => ({ name, about, command: { task, options, examples } })

const AS_ADMIN = "CLOUDHSM_ROLE=admin CLOUDHSM_PIN='admin:PASSWORD'"

const POLICY: Group<Task> = {
  name: 'policy',
  about: 'Show or apply the policy trusted-wrapping, as an admin',
  commands: [
    leaf('show', 'policy-show', 'Show whether the policy trusted-wrapping is applied', {
      options: { home: HOME, json: JSON_OUTPUT },
      examples: [`${AS_ADMIN} strongroom policy show`],
    }),
    {
      name: 'apply',
      about: 'Apply a policy to the cluster',
      commands: [
        leaf(
          'trusted-wrapping',
          'policy-apply',
          'Enable the policy trusted-wrapping. This cannot be undone',
          { examples: [`${AS_ADMIN} strongroom policy apply trusted-wrapping`] },
        ),
      ],
    },
  ],
}

const AUDIT_COMMANDS: Group<Task> = {
  name: 'audit',
  about: 'Print the audit log or the key-use journal and verify its chain, as an admin',
  alone: {
    task: 'audit',
    options: AUDIT,
    examples: [
      `${AS_ADMIN} strongroom audit --since 2h --outcome refused`,
      `${AS_ADMIN} strongroom audit --hsm all --follow --format json`,
      `${AS_ADMIN} strongroom audit --key-use --key pay --user alice`,
    ],
  },
  commands: [
    leaf('verify', 'audit-verify', 'Verify the journals of the running HSM, or an export', {
      options: AUDIT_VERIFY,
      examples: [
        `${AS_ADMIN} strongroom audit verify --hsm all`,
        'strongroom audit verify audit.jsonl --key audit-key.pem',
      ],
    }),
    leaf(
      'export',
      'audit-export',
      'Write a journal as JSON Lines, with a signed statement as the last line',
      {
        options: AUDIT_EXPORT,
        examples: [`${AS_ADMIN} strongroom audit export > audit.jsonl`],
      },
    ),
    leaf('key', 'audit-key', 'Print the public key that exports are verified with', {
      examples: [`${AS_ADMIN} strongroom audit key > audit-key.pem`],
    }),
  ],
}

const AUDIT_POLICY: Group<Task> = {
  name: 'audit-policy',
  about: 'Show or set what the cluster records of uses of its keys, as an admin',
  commands: [
    leaf('show', 'audit-policy-show', 'Show what is recorded of uses of keys', {
      options: AUDIT_POLICY_SHOW,
      examples: [`${AS_ADMIN} strongroom audit-policy show`],
    }),
    leaf('set', 'audit-policy-set', 'Set what is recorded of uses of keys; what is left out stays as it is', {
      options: AUDIT_POLICY_SET,
      examples: [`${AS_ADMIN} strongroom audit-policy set --key-use all --max-size 2GiB --max-age 90d`],
    }),
  ],
}

const BACKUP: Group<Task> = {
  name: 'backup',
  about: 'Back up an HSM, and restore backups',
  commands: [
    leaf('create', 'backup-create', 'Write a sealed backup of the running HSM to a file, as an admin', {
      options: BACKUP_CREATE,
      examples: [`${AS_ADMIN} strongroom backup create --to pay.backup`],
    }),
    leaf('restore', 'backup-restore', 'Restore a backup as a new cluster (a clone with its own ID)', {
      options: BACKUP_RESTORE,
      examples: ['strongroom backup restore pay.backup --home /srv/strongroom --master-key-file master.key'],
    }),
    leaf('inspect', 'backup-inspect', 'Show the header of a backup, unverified', {
      options: BACKUP_INSPECT,
      examples: ['strongroom backup inspect pay.backup'],
    }),
  ],
}

const NODE: Group<Task> = {
  name: 'node',
  about: 'Add nodes to a cluster on etcd',
  commands: [
    leaf('invite', 'node-invite', 'Print a one-time join token for a new node, good for 10 minutes', {
      examples: ['strongroom node invite | ssh two strongroom node join --secret-file -'],
    }),
    leaf('join', 'node-join', 'Make this machine a node of the cluster that printed the join token', {
      options: NODE_JOIN,
      examples: ['strongroom node join --secret-file -'],
    }),
  ],
}

/** What the program accepts on its command line. */
export const administrationTree = (version: string): Root<Task> => ({
  name: 'strongroom',
  about: 'Strongroom, a software HSM cluster driven with the CloudHSM CLI',
  version,
  noShell: true,
  options: {},
  commands: [
    leaf('start', 'start', 'Serve the HSM; the first start creates it', {
      options: START,
      examples: [
        'strongroom start --detach',
        'strongroom start --detach --listen 10.0.0.1:2223 --etcd https://10.0.0.1:2379 --etcd-ca etcd-ca.crt',
      ],
    }),
    leaf('stop', 'stop', 'Stop the HSM', { examples: ['strongroom stop'] }),
    leaf('status', 'status', 'Show whether the HSM serves; exit status 0 only if it does', {
      options: { home: HOME, json: JSON_OUTPUT },
      examples: ['strongroom status --json'],
    }),
    AUDIT_COMMANDS,
    AUDIT_POLICY,
    POLICY,
    BACKUP,
    leaf('env', 'env', 'Print the shell lines that point PKCS#11 programs at the HSM', {
      options: ENV,
      examples: ['eval "$(strongroom env)"'],
    }),
    leaf('pkcs11', 'pkcs11', 'Serve PKCS#11 programs on a machine without an HSM', {
      options: AGENT,
      examples: ['strongroom pkcs11 --socket /run/strongroom/pkcs11.sock'],
    }),
    // Started by start and pkcs11.
    {
      ...leaf('pkcs11-keep', 'pkcs11-keep', 'Keep the connections of PKCS#11 programs', { options: KEEP }),
      hidden: true,
    },
    leaf('demo', 'demo', 'Share a key and take it back, on a temporary HSM', {
      options: {},
      examples: ['strongroom demo'],
    }),
    NODE,
  ],
})
