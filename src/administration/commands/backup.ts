/** The commands of `strongroom backup`. */
import type { Group } from '../../cli/spec.ts'
import { ETCD, wholeEtcd } from '../etcd-options.ts'
import { absolute, HOME, JSON_OUTPUT, pathOrDash } from '../options.ts'
import { AS_ADMIN, type Task, task } from './command.ts'

const FILE = { value: 'FILE', positional: true, required: true, help: 'The backup' } as const

const CREATE = task({
  name: 'create',
  about: 'Write a sealed backup of the running HSM to a file, as an admin',
  options: {
    home: HOME,
    to: { value: 'FILE', required: true, help: 'The new file, or - for standard output' },
    'passphrase-file': {
      value: 'FILE',
      help: 'File with a passphrase that opens the backup as the master key does; - to be asked, or for standard input',
    },
  },
  examples: [`${AS_ADMIN} strongroom backup create --to pay.backup`],
  settle({ home, to: file, 'passphrase-file': from }, { homeOf, credentials }) {
    const [at, to] = [homeOf(home), pathOrDash(file)]
    return async () => {
      const who = await credentials()
      const { readNewPassphrase } = await import('../backup/opening.ts')
      const passphrase = from === undefined ? undefined : await readNewPassphrase(from)
      return (await import('../backup/create.ts')).createBackup(at, { who, to, passphrase })
    }
  },
})

const RESTORE = task({
  name: 'restore',
  about: 'Restore a backup as a new cluster (a clone with its own ID)',
  options: {
    FILE,
    home: HOME,
    'master-key-file': {
      value: 'FILE',
      group: 'opening',
      help: 'data/master.key of the HSM that the backup is of',
    },
    'passphrase-file': {
      value: 'FILE',
      group: 'opening',
      help: 'File with the passphrase of the backup; - to be asked, or for standard input',
    },
    'keep-id': { help: 'Keep the ID of the cluster, which must be gone for good' },
    ...ETCD,
  },
  examples: ['strongroom backup restore pay.backup --home /srv/strongroom --master-key-file master.key'],
  settle({ FILE: file, home, 'keep-id': keepId = false, ...options }, { homeOf }) {
    const masterKeyFile = absolute(options['master-key-file'])
    // The parser has seen that one of the two is given.
    const opening = masterKeyFile ? { masterKeyFile } : { passphraseFile: options['passphrase-file'] ?? '-' }
    const [at, etcd] = [homeOf(home), wholeEtcd(options)]
    return async () =>
      (await import('../backup/restore.ts')).restoreBackup(at, { file, opening, etcd, keepId })
  },
})

const INSPECT = task({
  name: 'inspect',
  about: 'Show the header of a backup, unverified',
  options: { FILE, json: JSON_OUTPUT },
  examples: ['strongroom backup inspect pay.backup'],
  settle:
    ({ FILE: file, json = false }) =>
    async () =>
      (await import('../backup/inspect.ts')).inspectBackup(file, { json }),
})

export const BACKUP: Group<Task> = {
  name: 'backup',
  about: 'Back up an HSM, and restore backups',
  commands: [CREATE, RESTORE, INSPECT],
}
