/** How the HSM of a home was last served, so that a plain `strongroom start` serves it in the same way again. */
import * as v from 'valibot'
import { HsmError } from '../contract/errors.ts'
import { KEY_CERTIFICATES } from '../contract/key-certificates.ts'
import { PUBLIC_OBJECTS } from '../contract/public-objects.ts'
import { readIfThere, replaceFile } from './files.ts'
import type { Home } from './home.ts'

/** Value of `--metrics` and `--pkcs11`: there is none. */
export const NONE = 'none'
/** Value of `--pkcs11` and `--log`: where it is when nothing is said. */
export const USUAL = 'default'

const port = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535))
export const listenAddress = v.object({ host: v.string(), port })
const settings = v.object({
  listen: v.optional(listenAddress),
  /** How clients and administrators of other machines reach this HSM. Left out: where it listens. */
  advertise: v.optional(listenAddress),
  /** Where Prometheus reads. Left out: nowhere. */
  metrics: v.optional(listenAddress),
  /** Absolute path of the socket for PKCS#11 programs, or that there is none. Left out: its usual place. */
  pkcs11: v.optional(v.string()),
  /** Absolute path of the log. Left out: standard output, or the home's own log in the background. */
  log: v.optional(v.string()),
  /** What is shown before login. Left out: certificates. */
  publicObjects: v.optional(v.picklist(PUBLIC_OBJECTS)),
  /** Which certificates PKCS#11 programs see. Left out: stored ones. */
  keyCertificates: v.optional(v.picklist(KEY_CERTIFICATES)),
})

export type ServingSettings = v.InferOutput<typeof settings>

/** Empty when the home was not served yet. Throws HsmError `store-damaged` when the file cannot be read. */
export function readServingSettings({ serving }: Home): ServingSettings {
  const text = readIfThere(serving)
  if (text === undefined) return {}
  try {
    return v.parse(settings, JSON.parse(text))
  } catch (cause) {
    throw new HsmError(
      'store-damaged',
      `${serving} is damaged; remove it, and give start its options once more`,
      {
        cause,
      },
    )
  }
}

/** Remembers them for the next start. Writes nothing if they are the same. */
export function saveServingSettings({ serving }: Home, known: ServingSettings): void {
  const text = `${JSON.stringify(known, null, 2)}\n`
  if (readIfThere(serving) !== text) replaceFile(serving, text, 'private')
}
