/** The PKCS#11 socket of a serving HSM, or of an agent: programs that are connected outlive both. */
import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import type { Log } from '../base/log.ts'
import type { Home } from '../home/home.ts'
import { observePrograms } from '../metrics/instruments.ts'
import type { Registry } from '../metrics/registry.ts'
import type { Pkcs11 } from '../pkcs11/serve.ts'
import { createKeeper, type Held, stopReading } from './keeper.ts'
import { hsmKeeper } from './keeper-start.ts'
import { peerProcess } from './peer-process.ts'
import { openSockets } from './sockets.ts'

export type Pkcs11Listener = {
  /** Of the socket. */
  readonly path: string
  /** Programs that are connected are left to the keeper, which goes on with them. */
  close(): Promise<void>
}

export type Pkcs11ListenerNeeds = {
  readonly pkcs11: Pkcs11
  /** Absolute. */
  readonly path: string
  /** Where p11-kit looks by itself: there is a socket, too, if it can be had. */
  readonly convenient: string | undefined
  /** Starts the keeper's process, with an IPC channel. */
  readonly startKeeper: () => ChildProcess
  readonly log: Log
  readonly registry: Registry | undefined
}

/** @throws HsmError with one sentence when there can be no socket at the path */
export async function openPkcs11Listener({
  pkcs11,
  path,
  convenient,
  startKeeper,
  log,
  registry,
}: Pkcs11ListenerNeeds): Promise<Pkcs11Listener> {
  const keeper = createKeeper(startKeeper, log)
  /** They go on by themselves. */
  const ownPrograms = new Set<Socket>()
  const ready = () => keeper.ready() + ownPrograms.size
  if (registry) observePrograms({ connections: pkcs11.connections, ready }, registry)
  const sockets = await openSockets({ path, convenient, log }, (socket: Socket) => {
    let held: Held | undefined
    const served = pkcs11.serve(socket, {
      peer: peerProcess(socket),
      onIdle: (snapshot) => held?.idle(snapshot),
      onBusy: () => held?.busy(),
      stop: () => stopReading(socket),
      onGreeted(isOurs) {
        if (isOurs) ownPrograms.add(socket)
        else held = keeper.hold(socket)
      },
    })
    void served.finally(() => {
      held?.gone()
      ownPrograms.delete(socket)
    })
  })
  return {
    path,
    async close() {
      sockets.close()
      await pkcs11.release()
      await keeper.told()
    },
  }
}

export type HsmListenerNeeds = Pick<Pkcs11ListenerNeeds, 'pkcs11' | 'log' | 'registry' | 'convenient'> & {
  readonly home: Home
  /** Absolute; left out, where programs on this machine look for it. */
  readonly path: string | undefined
  /** The script that this process runs. */
  readonly program: string
}

/** Of the HSM of a home. Throws as `openPkcs11Listener` does. */
export const openHsmListener = ({
  home,
  path,
  convenient,
  program,
  ...needs
}: HsmListenerNeeds): Promise<Pkcs11Listener> =>
  openPkcs11Listener({
    ...needs,
    path: path ?? home.pkcs11,
    convenient: path === undefined ? convenient : undefined,
    startKeeper: hsmKeeper(home, program),
  })
