/** The PKCS#11 socket of a serving HSM. */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { Socket } from 'node:net'
import type { Hsm } from '../../contract/hsm.ts'
import { createPkcs11 } from '../../pkcs11/serve.ts'
import type { Home } from '../home.ts'
import { observePrograms } from '../metrics/instruments.ts'
import type { Registry } from '../metrics/registry.ts'
import type { Log } from '../open-engine.ts'
import { version } from '../version.ts'
import { createKeeper, type Held, stopReading } from './keeper.ts'
import { peerUser } from './peer-user.ts'
import { p11KitSocket } from './socket-paths.ts'
import { openSockets } from './sockets.ts'

export type Pkcs11Door = {
  /** Of the socket. */
  readonly path: string
  /** Programs that are connected are left to the keeper, so that they live to see the HSM come back. */
  close(): Promise<void>
}

export type Pkcs11DoorNeeds = {
  readonly hsm: Hsm
  readonly home: Home
  /** Absolute; left out, where programs on this machine look for it. */
  readonly path: string | undefined
  /** The program that this process runs. */
  readonly program: string
  readonly log: Log
  readonly registry: Registry | undefined
}

/** @throws HsmError with one sentence when there can be no socket at the path */
export async function openPkcs11Door({
  hsm,
  home,
  path,
  program,
  log,
  registry,
}: Pkcs11DoorNeeds): Promise<Pkcs11Door> {
  const pkcs11 = createPkcs11({ hsm, version, log })
  const keeper = createKeeper(() => startKeeper(home, program), log)
  if (registry) observePrograms({ connections: pkcs11.connections, ready: keeper.ready }, registry)
  const socketPath = path ?? home.pkcs11
  const convenient = path === undefined ? p11KitSocket(process.env, process.getuid?.()) : undefined
  const sockets = await openSockets({ path: socketPath, convenient, log }, (socket: Socket) => {
    let held: Held | undefined
    const served = pkcs11.serve(socket, {
      peer: peerUser(socket),
      onIdle: (snapshot) => held?.idle(snapshot),
      onBusy: () => held?.busy(),
      stop: () => stopReading(socket),
    })
    // There may have been no place for it.
    if (!socket.destroyed) held = keeper.hold(socket)
    void served.finally(() => held?.gone())
  })
  return {
    path: socketPath,
    async close() {
      sockets.close()
      await pkcs11.release()
      await keeper.told()
    },
  }
}

function startKeeper(home: Home, program: string) {
  const log = openSync(home.log, 'a', 0o600)
  const child = spawn(process.execPath, [...process.execArgv, program, 'pkcs11-keep', '--home', home.root], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    cwd: home.root,
  })
  closeSync(log)
  return child
}
