/**
 * The pages in docs/pkcs11 do what they say, with p11-kit's module and with our own: their files and commands as they are printed, and
 * what these are to answer.
 */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, type TestContext, test } from 'node:test'
import { freePorts } from '../../support/free-port.ts'
import { ENGINE } from './certificates.ts'
import { needs, type Owner, run, type Skip, succeeds } from './commands.ts'
import { APACHE_MODULES, newerApacheModules, newerTlsPrograms } from './newer-tls-programs.ts'
import { newerDebian } from './other-debians.ts'
import { needsOwnModule, ownModule } from './own-module.ts'
import { type Block, blocksOf, expectAnswers } from './page-blocks.ts'
import { needsPkcs11js } from './program.ts'
import { SSHD, sshServer } from './sshd.ts'

const ROOT = join(import.meta.dirname, '../../..')
const DOCS = join(ROOT, 'docs')
const SERVERS = ['nginx', 'apache2', 'stunnel', 'curl']
const PROGRAMS = ['pkcs11-tool', 'p11tool', 'openssl', 'ssh', 'java', 'keytool', SSHD, ENGINE, ...SERVERS]

/** The page about what Debian 12 does not have. */
const PROVIDER = 'openssl-provider.md'

/** Ports of servers on the pages: that of the test may be taken. */
const PORTS = ['4433', '8443', '8444', '8445']

/**
 * What a user's machine has and a test's has not: ssh knows a server, npm reaches the registry, and servers that run as another user may
 * connect. A server that is started in the background listens a moment later, and ends with the shell.
 */
const MACHINE = `
trap '{ kill $(jobs -p) $(cat *.pid) || true; } 2> /dev/null' EXIT
strongroom() { if [ "$1" = start ]; then command strongroom "$@" --listen 127.0.0.1:0; else command strongroom "$@"; fi; }
ssh() { command ssh -F "$SCRATCH/ssh_config" "$@"; }
npm() { ln -s '${join(import.meta.dirname, 'js/node_modules')}' node_modules; }
reach() { if [[ $* =~ localhost:([0-9]+) ]]; then until (exec 3<> /dev/tcp/localhost/\${BASH_REMATCH[1]}) 2> /dev/null; do sleep 0.1; done; fi; }
openssl() {
  if [ "$1" = s_client ]; then reach "$@"; fi
  if [ "$1" = s_server ]; then exec openssl "$@"; fi
  command openssl "$@"
}
curl() { reach "$@"; command curl "$@"; }
open_to_others() {
  [ $EUID != 0 ] || chmod a+x . "$SCRATCH" "$SCRATCH/home" "$SCRATCH/home/run"
  [ $EUID != 0 ] || chmod a+rw "$SCRATCH/home/run/pkcs11.sock"
}
nginx() { open_to_others; command nginx "$@"; }
apache2() { open_to_others; command apache2 "$@"; }
`

/** What the entry page leaves in the environment for the others. */
const SHARED = ['PATH', 'CLOUDHSM_ROLE', 'CLOUDHSM_PIN', 'P11_KIT_SERVER_ADDRESS', 'STRONGROOM_PKCS11_MODULE']

const P11_KIT = '/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so'

/** @param own path of the module that programs load instead of p11-kit's */
function follows(own?: () => string): void {
  const cleanups: (() => void)[] = []
  const owner: Owner = { after: (cleanup) => cleanups.push(cleanup) }
  let scratch: string
  /** Commands before those of a page. */
  let environment: string
  let ports: readonly number[]

  const env = (): NodeJS.ProcessEnv => ({
    SCRATCH: scratch,
    STRONGROOM_HOME: join(scratch, 'home'),
    XDG_RUNTIME_DIR: scratch,
    SSH_ASKPASS: join(scratch, 'askpass'),
    SSH_ASKPASS_REQUIRE: 'force',
  })

  /** What is another here than on the page. */
  const here = (text: string): string => {
    const ported = PORTS.reduce((sum, port, at) => sum.replaceAll(port, String(ports[at])), text)
    return own ? ported.replaceAll(P11_KIT, own()) : ported
  }

  /** Runs commands in one shell, as somebody who pastes them one by one. */
  async function paste(
    t: Owner,
    directory: string,
    commands: readonly string[],
    end = '',
  ): Promise<string[]> {
    const marked = commands.map((command, at) => `${here(command)}\necho "@@${at}"`)
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
    for (const { file, text } of blocks) if (file) writeFileSync(join(directory, file), here(text))
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

  const readPage = (name: string): readonly Block[] => blocksOf(readFileSync(join(DOCS, name), 'utf8'))

  before(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'strongroom-pages-'))
    owner.after(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 }))
    environment = ''
    ports = await freePorts(PORTS.length)
    writeFileSync(join(scratch, 'askpass'), "#!/bin/sh\necho 'bob:bob has one'\n")
    chmodSync(join(scratch, 'askpass'), 0o700)
    const declared = `declare -p ${SHARED.join(' ')}`
    environment = await follow(owner, ROOT, readPage('PKCS11.md'), declared)
    if (own) environment += `export STRONGROOM_PKCS11_MODULE='${own()}'\n`
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
    if (page === PROVIDER) continue
    test(page, async (t) => {
      if (page === 'ssh.md') await server(t)
      const directory = join(scratch, page)
      mkdirSync(directory)
      await follow(t, directory, readPage(join('pkcs11', page)))
    })
  }

  test(PROVIDER, newerDebian.needed(), async (t) => {
    const directory = join(scratch, PROVIDER)
    mkdirSync(directory)
    const blocks = readPage(join('pkcs11', PROVIDER)).map((block) => ({
      ...block,
      text: block.text.replaceAll(APACHE_MODULES, newerApacheModules()),
    }))
    const before = environment
    environment += `${newerTlsPrograms(join(directory, 'bin'))}\n`
    // That of Debian 12 has no RSA-PSS, and so no TLS 1.3 with RSA keys.
    if (!own) environment += `export STRONGROOM_PKCS11_MODULE='${newerDebian.module()}'\n`
    try {
      await follow(t, directory, blocks)
    } finally {
      environment = before
    }
  })
}

const skip: Skip['skip'] = needsPkcs11js().skip || needs(...PROGRAMS).skip
suite('docs/pkcs11', { skip }, () => follows())
suite('docs/pkcs11, with our own module', { skip: skip || needsOwnModule().skip }, () => {
  const module = ownModule()
  follows(module.path)
})
