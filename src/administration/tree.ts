/** The commands of the program strongroom: the HSM and its administration. */
import type { Root } from '../cli/spec.ts'
import { AUDIT, AUDIT_POLICY } from './commands/audit.ts'
import { BACKUP } from './commands/backup.ts'
import type { Task } from './commands/command.ts'
import { DEMO, START, STATUS, STOP } from './commands/hsm.ts'
import { KEY_MATERIAL } from './commands/key-material.ts'
import { NODE } from './commands/node.ts'
import { ENV, PKCS11, PKCS11_KEEP } from './commands/pkcs11.ts'
import { POLICY } from './commands/policy.ts'

/** What the program accepts on its command line. */
export const administrationTree = (version: string): Root<Task> => ({
  name: 'strongroom',
  about: 'Strongroom, a software HSM cluster driven with the CloudHSM CLI',
  version,
  noShell: true,
  options: {},
  commands: [
    START,
    STOP,
    STATUS,
    AUDIT,
    AUDIT_POLICY,
    POLICY,
    KEY_MATERIAL,
    BACKUP,
    ENV,
    PKCS11,
    PKCS11_KEEP,
    DEMO,
    NODE,
  ],
})
