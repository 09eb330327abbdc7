/** An ssh server of the test's own: one sshd for each connection to a port that the system chose. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { type Owner, succeeds } from './commands.ts'

export const SSHD = '/usr/sbin/sshd'

/** Where sshd locks itself in until somebody has logged in. It demands it as root, and nobody else has made it. */
const PRIVILEGE_SEPARATION = '/run/sshd'
const PATIENCE_MS = 60_000

/**
 * @param directory empty
 * @param authorized lines of authorized_keys; they let in whoever runs the test
 * @returns its port on 127.0.0.1
 */
export async function sshServer(owner: Owner, directory: string, authorized: string): Promise<number> {
  const file = (name: string) => join(directory, name)
  if (process.getuid?.() === 0) mkdirSync(PRIVILEGE_SEPARATION, { recursive: true })
  mkdirSync(directory, { mode: 0o700 })
  await succeeds(owner, ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', file('host-key')])
  writeFileSync(file('authorized_keys'), `${authorized}\n`)
  chmodSync(file('authorized_keys'), 0o600)
  const lines = [
    `HostKey ${file('host-key')}`,
    `AuthorizedKeysFile ${file('authorized_keys')}`,
    'AuthenticationMethods publickey',
    // The directory is below the system's temporary one, which everybody may write.
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
  ]
  writeFileSync(file('sshd_config'), `${lines.join('\n')}\n`)
  const server = createServer({ pauseOnConnect: true }, (socket) => serve(owner, file('sshd_config'), socket))
  owner.after(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** As inetd does it: the process has the connection as its input and output. */
function serve(owner: Owner, config: string, socket: Socket): void {
  const child = spawn(SSHD, ['-i', '-f', config], {
    stdio: [socket, socket, 'ignore'],
    timeout: PATIENCE_MS,
  })
  owner.after(() => child.kill('SIGKILL'))
  socket.destroy()
}
