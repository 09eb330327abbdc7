/** The pages in docs/pkcs11 do what they say: their files and commands as they are printed, and what these are to answer. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, type TestContext, test } from 'node:test'
import { freePort } from '../../support/free-port.ts'
import { ENGINE } from './certificates.ts'
import { needs, type Owner, run, succeeds } from './commands.ts'
import { type Block, blocksOf, expectAnswers } from './page-blocks.ts'
import { needsPkcs11js } from './program.ts'
import { SSHD, sshServer } from './sshd.ts'

const ROOT = join(import.meta.dirname, '../../..')
const DOCS = join(ROOT, 'docs')
const PROGRAMS = ['pkcs11-tool', 'p11tool', 'openssl', 'ssh', 'java', 'keytool', SSHD, ENGINE]

/**
 * What a user's machine has and a test's has not: the usual port is free, ssh knows a server, npm reaches the registry.
 * A server that is started in the background listens a moment later, and ends with the shell.
 */
const MACHINE = `
trap 'kill $(jobs -p) 2> /dev/null || true' EXIT
strongroom() { if [ "$1" = start ]; then command strongroom "$@" --listen 127.0.0.1:0; else command strongroom "$@"; fi; }
ssh() { command ssh -F "$SCRATCH/ssh_config" "$@"; }
npm() { ln -s '${join(import.meta.dirname, 'js/node_modules')}' node_modules; }
openssl() {
  if [ "$1" = s_client ]; then until (exec 3<> /dev/tcp/localhost/$PORT) 2> /dev/null; do sleep 0.1; done; fi
  if [ "$1" = s_server ]; then exec openssl "$@"; fi
  command openssl "$@"
}
`

/** What the entry page leaves in the environment for the others. */
const SHARED = ['PATH', 'CLOUDHSM_ROLE', 'CLOUDHSM_PIN', 'P11_KIT_SERVER_ADDRESS', 'STRONGROOM_PKCS11_MODULE']

const skip = needsPkcs11js().skip || needs(...PROGRAMS).skip

suite('docs/pkcs11', { skip }, () => {
  const cleanups: (() => void)[] = []
  const owner: Owner = { after: (cleanup) => cleanups.push(cleanup) }
  let scratch: string
  let environment: string
  let port: number

  const env = (): NodeJS.ProcessEnv => ({
    SCRATCH: scratch,
    PORT: String(port),
    STRONGROOM_HOME: join(scratch, 'home'),
    XDG_RUNTIME_DIR: scratch,
    SSH_ASKPASS: join(scratch, 'askpass'),
    SSH_ASKPASS_REQUIRE: 'force',
  })

  /** Runs commands in one shell, as somebody who pastes them one by one. */
  async function paste(
    t: Owner,
    directory: string,
    commands: readonly string[],
    end = '',
  ): Promise<string[]> {
    const marked = commands.map((command, at) => `${command.replace('4433', '$PORT')}\necho "@@${at}"`)
    const script = [environment, MACHINE, `cd '${directory}'`, 'exec 2>&1', 'set -e', ...marked, end].join(
      '\n',
    )
    const ran = await run(t, ['bash', '-c', script], { env: env() })
    assert.equal(ran.exit, 0, ran.stdout + ran.stderr)
    return ran.stdout.split(/@@\d+\n/)
  }

  async function follow(
    t: Owner,
    directory: string,
    blocks: readonly Block[],
    end?: string,
  ): Promise<string> {
    for (const { file, text } of blocks) if (file) writeFileSync(join(directory, file), text)
    const steps = blocks.flatMap(({ steps }) => steps)
    const said = await paste(
      t,
      directory,
      steps.map(({ command }) => command),
      end,
    )
    expectAnswers(steps, said)
    return said.at(-1) ?? ''
  }

  before(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'strongroom-pages-'))
    owner.after(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 }))
    environment = ''
    port = await freePort()
    writeFileSync(join(scratch, 'askpass'), "#!/bin/sh\necho 'bob:bob has one'\n")
    chmodSync(join(scratch, 'askpass'), 0o700)
    environment = await follow(
      owner,
      ROOT,
      blocksOf(readFileSync(join(DOCS, 'PKCS11.md'), 'utf8')),
      `declare -p ${SHARED.join(' ')}`,
    )
  })
  after(async () => {
    await succeeds(owner, [join(ROOT, 'bin/strongroom'), 'stop'], { env: env() })
    for (const cleanup of cleanups.toReversed()) cleanup()
  })

  /** Bob's key opens `server.example`. */
  async function server(t: TestContext): Promise<void> {
    const [keys = ''] = await paste(t, scratch, ['ssh-keygen -D "$STRONGROOM_PKCS11_MODULE" 2> /dev/null'])
    const port = await sshServer(t, join(scratch, 'sshd'), keys.trim())
    const lines = ['Host server.example', 'HostName 127.0.0.1', `Port ${port}`, `User ${userInfo().username}`]
    const options = [`UserKnownHostsFile ${join(scratch, 'known_hosts')}`, 'StrictHostKeyChecking accept-new']
    const keysOnly = ['PreferredAuthentications publickey', 'IdentityFile none']
    writeFileSync(join(scratch, 'ssh_config'), [...lines, ...options, ...keysOnly].join('\n'))
  }

  for (const page of readdirSync(join(DOCS, 'pkcs11'))) {
    test(page, async (t) => {
      if (page === 'ssh.md') await server(t)
      const directory = join(scratch, page)
      mkdirSync(directory)
      await follow(t, directory, blocksOf(readFileSync(join(DOCS, 'pkcs11', page), 'utf8')))
    })
  }
})
