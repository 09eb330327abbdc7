/** `strongroom demo`: on a temporary home, shares a key, takes it back, and shows that the next use is refused. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ListenAddress } from '../base/listen-address.ts'
import type { Log } from '../base/log.ts'
import { type Clusters, createClusterClients } from '../cli/cluster-clients.ts'
import { execute } from '../cli/execute.ts'
import type { Output } from '../cli/render.ts'
import { splitWords } from '../cli/shell/split-line.ts'
import { SHELL_TREE } from '../cli/tree.ts'
import { HsmError } from '../contract/errors.ts'
import { type Home, homeAt } from '../home/home.ts'
import type { Outcome } from './outcome.ts'

const PASSWORD = 'only for the demo'
const SHARED_USERS = ['cu2', 'cu1', 'cu4', 'cu5', 'cu6', 'cu7', 'alice']
const KEY = 'attr.label="rsa_key_to_share" attr.class=private-key'
const LIST = `key list --filter ${KEY} --verbose`
const SIGN = `crypto sign rsa-pkcs --key-filter ${KEY} --hash-function sha256 --data ${btoa('pay 5 to bob')}`

const NEXT = `
Run your own:    bin/strongroom start --detach
Set it up:       bin/cloudhsm-cli cluster activate, then bin/cloudhsm-cli interactive
Read on:         README.md, docs/COMPATIBILITY.md; and bin/strongroom stop when you are done
`

type Print = (text: string) => Promise<void>

export type DemoNeeds = {
  readonly print: Print
  /** Serves the HSM of a home that is new. */
  openHsm(options: {
    readonly home: Home
    readonly listen: ListenAddress
    readonly log: Log
  }): Promise<{ close(options: { readonly graceMs: number }): Promise<void> }>
  /** @param config path of the client configuration */
  clusters(config: string): Clusters
}

/** A person at a shell of the CLI. */
type Shell = {
  /** Prints the command behind the prompt, and what comes of it. */
  show(line: string): Promise<Output>
  /** Only does it; throws when it fails. */
  quietly(line: string): Promise<void>
  leave(): Promise<void>
}

/** `strongroom demo`, on a temporary home that is removed afterwards, also after SIGINT, SIGTERM and SIGHUP. */
export async function demo({ print, openHsm, clusters }: DemoNeeds): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-demo-'))
  const remove = () => rmSync(directory, { recursive: true, force: true })
  const interrupted = () => {
    remove()
    process.exit(130)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, interrupted)
  try {
    const home = homeAt(directory)
    const hsm = await openHsm({ home, listen: { host: '127.0.0.1', port: 0 }, log: () => undefined })
    try {
      return await play(clusters(home.clientConfig), print)
    } finally {
      await hsm.close({ graceMs: 1000 })
    }
  } finally {
    remove()
  }
}

async function play(clusters: Clusters, print: Print): Promise<Outcome> {
  const [owner, alice] = [openShell(clusters, print), openShell(clusters, print)]
  try {
    await print('A new HSM, an admin, the users cu1 to cu7 and alice …\n')
    await setUp(owner)
    await login(alice, 'alice')
    await print(
      'cu3 has made rsa_key_to_share and shared it with seven users. Before: alice signs with it.\n\n',
    )
    const before = await alice.show(SIGN)
    await print('cu3 looks at the key, takes it back from alice, and looks again.\n\n')
    await owner.show(LIST)
    await owner.show(`key unshare --filter ${KEY} --username alice --role crypto-user`)
    await owner.show(LIST)
    await print('After: alice, still logged in, asks again.\n\n')
    const after = await alice.show(SIGN)
    const proven = before.exit === 0 && after.exit === 1
    await print(
      proven ? 'Refused. The key is no longer hers to use.\n' : 'This is not what should have happened.\n',
    )
    return { exit: proven ? 0 : 1, text: NEXT }
  } finally {
    await Promise.all([owner.leave(), alice.leave()])
  }
}

async function setUp(shell: Shell): Promise<void> {
  await shell.quietly(`cluster activate --password '${PASSWORD}'`)
  await login(shell, 'admin', 'admin')
  for (const username of ['cu1', 'cu2', 'cu3', 'cu4', 'cu5', 'cu6', 'cu7', 'alice']) {
    await shell.quietly(`user create --username ${username} --role crypto-user --password '${PASSWORD}'`)
  }
  await shell.quietly('logout')
  await login(shell, 'cu3')
  await shell.quietly(
    `key generate-asymmetric-pair rsa --modulus-size-bits 2048 --public-exponent 65537
      --public-label rsa_key_to_share --private-label rsa_key_to_share
      --public-attributes encrypt=true verify=true wrap=true
      --private-attributes decrypt=true sign=true unwrap=true --share-crypto-users ${SHARED_USERS.join(' ')}`,
  )
}

const login = (shell: Shell, username: string, role = 'crypto-user') =>
  shell.quietly(`login --username ${username} --role ${role} --password '${PASSWORD}'`)

function openShell(clusters: Clusters, print: Print): Shell {
  const clients = createClusterClients(clusters, undefined)
  const run = (line: string) =>
    execute(splitWords(line).words, {
      root: SHELL_TREE,
      open: async ({ clusterId }) => clients.of(clusterId),
      credentials: notAsked,
      askHidden: notAsked,
    })
  return {
    async show(line) {
      await print(`${clients.prompt()}${line}\n`)
      const output = await run(line)
      await print(`${output.text}\n`)
      return output
    },
    async quietly(line) {
      const { exit, text } = await run(line)
      if (exit !== 0)
        throw new HsmError('internal', `The demo could not run "${line.split(' --')[0]}": ${text}`)
    },
    leave: clients.close,
  }
}

/** Everything the demo types has its passwords on the line. */
const notAsked = (): never => {
  throw new HsmError('not-logged-in')
}
