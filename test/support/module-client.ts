/** A program on a PKCS#11 module, in a process of its own, spoken to as `p11-client.ts` speaks to the socket. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { INITIALIZE, OWN, type P11Client, speak } from './p11-client.ts'

/**
 * It has called C_Initialize, and ends with its stream.
 *
 * @param module path of the library
 * @param env tells the module where the HSM is
 */
export async function connectModule(module: string, env: NodeJS.ProcessEnv): Promise<P11Client> {
  const words = [
    '--disable-warning=ExperimentalWarning',
    join(import.meta.dirname, 'module-child.ts'),
    module,
  ]
  const child = spawn(process.execPath, words, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  })
  const stream = child.stdio[3] as Duplex
  stream.once('close', () => child.kill('SIGKILL'))
  const client = speak(stream, OWN)
  stream.write(Buffer.of(OWN))
  const ready = { ...client, answered: await client.answered }
  await ready.call(1, ...INITIALIZE)
  return ready
}
