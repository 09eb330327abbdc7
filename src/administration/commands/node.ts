/** The commands of `strongroom node`. */
import type { Group } from '../../cli/spec.ts'
import { startCommand } from '../../home/home.ts'
import { ETCD, etcdOptions } from '../etcd-options.ts'
import { HOME, pathOrDash } from '../options.ts'
import { done } from '../outcome.ts'
import { type Task, task } from './command.ts'

const INVITE = task({
  name: 'invite',
  about: 'Print a one-time join token for a new node, good for 10 minutes',
  options: { home: HOME },
  examples: ['strongroom node invite | ssh two strongroom node join --secret-file -'],
  settle({ home }, { homeOf, now }) {
    const at = homeOf(home)
    return async () => done(await (await import('../../node/invite.ts')).invite(at, now()))
  },
})

const JOIN = task({
  name: 'join',
  about: 'Make this machine a node of the cluster that printed the join token',
  options: {
    home: HOME,
    'secret-file': {
      value: 'FILE',
      required: true,
      help: 'File with the join token, - for standard input',
    },
    ...ETCD,
  },
  examples: ['strongroom node join --secret-file -'],
  settle({ home, 'secret-file': file, ...options }, { homeOf, now }) {
    const [at, from, etcd] = [homeOf(home), pathOrDash(file), etcdOptions(options)]
    return async () => {
      const { readSmall } = await import('../small-file.ts')
      const secret = await readSmall(from)
      const { join } = await import('../../node/join.ts')
      const clusterId = await join(at, { secret, etcd, now: now() })
      return done(
        `This machine belongs to ${clusterId} now. Start its HSM with: ${startCommand(at, '--listen HOST:PORT')}`,
      )
    }
  },
})

export const NODE: Group<Task> = {
  name: 'node',
  about: 'Add nodes to a cluster on etcd',
  commands: [INVITE, JOIN],
}
