/** What a serving HSM announces to other programs on its machine: its process and its addresses. */
import { rmSync } from 'node:fs'
import * as v from 'valibot'
import { HsmError } from '../contract/errors.ts'
import { readIfThere, replaceFile } from './files.ts'
import type { Home } from './home.ts'
import { NONE, readServingSettings } from './serving-settings.ts'

/** What requests under way have to finish once the HSM is asked to end. */
export const GRACE_MS = 10_000

const running = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(2)),
  /** As clients on this machine reach it. */
  host: v.string(),
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
  /** Path of the socket for PKCS#11 programs, if there is one. */
  pkcs11: v.optional(v.string()),
})
export type Running = v.InferOutput<typeof running>

/**
 * Tells commands of this home where the HSM is.
 *
 * @param facts replaces what was announced before
 */
export function announce({ running }: Home, facts: Running): void {
  replaceFile(running, `${JSON.stringify(facts)}\n`, 'private')
}

/** The HSM of this home does not serve any more. */
export function withdraw({ running }: Home): void {
  rmSync(running, { force: true })
}

/** Where PKCS#11 programs find the HSM of a home, or will when it is started. Undefined: nowhere. */
export function servedSocket(home: Home): string | undefined {
  const served = readRunning(home)
  if (served) return served.pkcs11
  const { pkcs11 = home.pkcs11 } = readServingSettings(home)
  return pkcs11 === NONE ? undefined : pkcs11
}

/** May be left over from a process that was killed. Undefined when there is none. */
export function readRunning(home: Home): Running | undefined {
  const text = readIfThere(home.running)
  if (text === undefined) return undefined
  try {
    return v.parse(running, JSON.parse(text))
  } catch (cause) {
    throw new HsmError('store-damaged', `${home.running} is damaged; if the HSM is not running, remove it`, {
      cause,
    })
  }
}
