/** The commands of `strongroom key-material`. */
import type { Group } from '../../cli/spec.ts'
import { HOME, JSON_OUTPUT } from '../options.ts'
import { AS_ADMIN, type Task, task } from './command.ts'

const SHOW = task({
  name: 'show',
  about: 'Show which key material is kept in memory, and how much of it this HSM has',
  options: { home: HOME, json: JSON_OUTPUT },
  examples: [`${AS_ADMIN} strongroom key-material show`],
  settle({ home, json = false }, { homeOf, credentials }) {
    const at = homeOf(home)
    return async () => (await import('../key-material.ts')).showKeyMaterial(at, await credentials(), json)
  },
})

const SET = task({
  name: 'set',
  about: 'Set which key material every HSM on etcd keeps in memory',
  options: {
    home: HOME,
    json: JSON_OUTPUT,
    'in-memory': {
      value: 'WHAT',
      choices: {
        used: 'of the keys that were used or written last; that of others is read from etcd when it is needed',
        all: 'of every key, so that no use of a key needs etcd',
      },
      required: true,
      help: 'Key material that is kept in memory, encrypted as it is stored',
    },
  },
  examples: [`${AS_ADMIN} strongroom key-material set --in-memory all`],
  settle({ home, json = false, 'in-memory': choice }, { homeOf, credentials }) {
    const at = homeOf(home)
    return async () => {
      const who = await credentials()
      return (await import('../key-material.ts')).setKeyMaterial(at, who, choice, json)
    }
  },
})

export const KEY_MATERIAL: Group<Task> = {
  name: 'key-material',
  about: 'Show or set which key material HSMs on etcd keep in memory, as an admin',
  commands: [SHOW, SET],
}
