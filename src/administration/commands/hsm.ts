/** The commands that start and stop an HSM, and show whether it serves. */
import { HOME, JSON_OUTPUT } from '../options.ts'
import { START as START_OPTIONS, startOptions, wordsOf } from '../start-options.ts'
import { task } from './command.ts'

export const START = task({
  name: 'start',
  about: 'Serve the HSM; the first start creates it',
  options: START_OPTIONS,
  examples: [
    'strongroom start --detach',
    'strongroom start --detach --listen 10.0.0.1:2223 --etcd https://10.0.0.1:2379 --etcd-ca etcd-ca.crt',
  ],
  settle({ home, detach: isDetached, ...options }, { homeOf, serve, detach }) {
    const [at, start] = [homeOf(home), startOptions(options)]
    return () => (isDetached ? detach(at, wordsOf(options)) : serve(at, start))
  },
})

export const STOP = task({
  name: 'stop',
  about: 'Stop the HSM',
  options: { home: HOME },
  examples: ['strongroom stop'],
  settle({ home }, { homeOf }) {
    const at = homeOf(home)
    return async () => (await import('../stop.ts')).stop(at)
  },
})

export const STATUS = task({
  name: 'status',
  about: 'Show whether the HSM serves; exit status 0 only if it does',
  options: { home: HOME, json: JSON_OUTPUT },
  examples: ['strongroom status --json'],
  settle({ home, json = false }, { homeOf }) {
    const at = homeOf(home)
    return async () => (await import('../status.ts')).status(at, { json })
  },
})

export const DEMO = task({
  name: 'demo',
  about: 'Share a key and take it back, on a temporary HSM',
  options: {},
  examples: ['strongroom demo'],
  settle: (_options, { demo }) => demo,
})
