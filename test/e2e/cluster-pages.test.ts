/** What the pages about several machines say, on as many homes of this one, with an etcd that has TLS. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readPage } from '../support/console-page.ts'
import { startEtcd } from '../support/etcd.ts'
import { freePorts } from '../support/free-port.ts'
import { followPage } from '../support/page-shell.ts'
import { CLUSTER_PAGES } from '../support/pages.ts'
import { makePki } from '../support/pki.ts'
import { needs } from './pkcs11/commands.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const MACHINES = ['one', 'two', 'three', 'four', 'client'] as const

const pki = await makePki()
after(pki.remove)

/** Each machine is a directory, in which whoever types is at home. */
const BETWEEN_MACHINES = `
at() { export HOME=$ROOMS/$1; cd "$HOME"; }
ssh() { local machine=$1; shift; (at "$machine"; "$@"); }
scp() { cp "$ROOMS/\${1%%:*}/\${1#*:}" "$2"; }
`
const STOP = MACHINES.map((machine) => `ssh ${machine} bin/strongroom stop`).join('; ')

const ASKS_FOR_CERTIFICATES = ['--client-cert-auth', `--trusted-ca-file=${pki.path('ca.crt')}`]

for (const page of CLUSTER_PAGES) {
  test(page, needs('etcd', 'etcdctl'), async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'strongroom-machines-'))
    t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }))
    const etcd = await startEtcd({
      members: 3,
      flags: [
        `--cert-file=${pki.path('server.crt')}`,
        `--key-file=${pki.path('server.key')}`,
        ...(page === 'README.md' ? [] : ASKS_FOR_CERTIFICATES),
      ],
      access: { tls: { ca: pki.read('ca.crt'), cert: pki.read('client.crt'), key: pki.read('client.key') } },
    })
    t.after(etcd.stop)
    const ports = await freePorts(MACHINES.length)
    for (const machine of MACHINES) {
      mkdirSync(join(directory, machine))
      symlinkSync(join(ROOT, 'bin'), join(directory, machine, 'bin'))
      symlinkSync(pki.path('ca.crt'), join(directory, machine, 'etcd-ca.crt'))
    }
    const here = (text: string) =>
      text
        .replaceAll(/https:\/\/10\.0\.0\.(\d):2379/g, (_, number) => etcd.endpoints[number - 1] ?? '')
        .replaceAll(/10\.0\.0\.(\d)(?::2223)?/g, (_, number) => `127.0.0.1:${ports[number - 1]}`)
        .replaceAll('/etc/strongroom/etcd-ca.crt', pki.path('ca.crt'))
        .replaceAll(/\/etc\/strongroom\/etcd\.(crt|key)/g, (_, kind) => pki.path(`client.${kind}`))
    const steps = readPage(readFileSync(join(ROOT, page), 'utf8'))
      .filter(({ machine }) => machine !== undefined)
      .map((step) => ({ ...step, expected: step.expected.map(here) }))
    await followPage(page, steps, {
      directory,
      before: BETWEEN_MACHINES,
      after: STOP,
      elsewhere: here,
      env: { PATH: `${join(ROOT, 'bin')}:${process.env['PATH']}`, ROOMS: directory },
    })
  })
}
