/** `crypto sign` and `crypto verify`: a command of each for every mechanism. */
import { fromBase64 } from '../../../base/bytes.ts'
import { CURVES, type WeierstrassCurve } from '../../../contract/algorithms.ts'
import { readDer, toDer } from '../../../contract/ecdsa-signature.ts'
import { HsmError } from '../../../contract/errors.ts'
import type { KeyObject } from '../../../contract/key-object.ts'
import { LIMITS } from '../../../contract/limits.ts'
import { type Args, action, type Context, type Data, type Options, type Rows } from '../../spec.ts'
import type { PreparedMessage } from '../data.ts'
import { bytesIn } from '../encodings.ts'
import { readSmall, saveOutput } from '../files.ts'
import { keyToUse } from '../options.ts'
import { signMessage, verifyMessage } from './signature-calls.ts'
import { type ecdsaFormat, SIGNING_MECHANISMS } from './signing-mechanisms.ts'

const signingKey = { 'key-filter': keyToUse('signing') } as const satisfies Options
const verificationKey = { 'key-filter': keyToUse('verification') } as const satisfies Options

const signatureFile = {
  'signature-path': {
    value: 'SIGNATURE_PATH',
    extension: true,
    writes: true,
    help: 'Path of a file to write the signature to, as bytes, instead of printing it; - for standard output',
  },
} as const satisfies Options

const signature = {
  'signature-path': {
    value: 'SIGNATURE_PATH',
    group: 'signature',
    help: 'Path of the file with the signature, as bytes or in base64',
  },
  signature: { value: 'SIGNATURE', group: 'signature', help: 'The signature in base64' },
} as const satisfies Options

type SignArgs = Args<typeof signingKey & typeof signatureFile> & Partial<Args<typeof ecdsaFormat>>
type VerifyArgs = Args<typeof verificationKey & typeof signature> & Partial<Args<typeof ecdsaFormat>>

async function sign(args: SignArgs, context: Context, message: PreparedMessage): Promise<Data> {
  const { reference, signature } = await signMessage(context.call, args['key-filter'], message)
  const written = args.format === 'der' ? Buffer.from(toDer(signature)) : signature
  const path = args['signature-path']
  if (path === undefined) return { 'key-reference': reference, signature: written.toString('base64') }
  await saveOutput({ option: '--signature-path', path, audience: 'public' }, written, context)
  return { 'key-reference': reference }
}

/** @param prepare reads the data, after the signature */
async function verify(
  args: VerifyArgs,
  { call }: Context,
  prepare: () => Promise<PreparedMessage>,
): Promise<Data> {
  const given = await readSignature('signature', args['signature-path'], args.signature)
  const raw = args.format === 'der' ? await rawOf(given, args['key-filter'], call) : given
  const valid = raw && (await verifyMessage(call, args['key-filter'], await prepare(), raw))
  if (!valid) throw new HsmError('signature-invalid')
  return { message: 'Signature verified successfully' }
}

/** Undefined for what is no signature in DER by such a key; without the one key, the HSM is to say so. */
async function rawOf(der: Buffer, filter: string[], call: Context['call']): Promise<Uint8Array | undefined> {
  const { matched_keys: keys } = await call('key.list', { filter, verbose: true, 'max-items': 2 })
  const [key, ...others] = keys as readonly KeyObject[]
  const width = others.length === 0 ? widthOn(key?.attributes['curve']) : undefined
  return width === undefined ? der : readDer(der, width)
}

const widthOn = (curve: unknown): number | undefined =>
  typeof curve === 'string' && Object.hasOwn(CURVES, curve)
    ? CURVES[curve as WeierstrassCurve].fieldBytes
    : undefined

/**
 * @param option that gave it in base64; `path`, of a file, is of the option with `-path` behind
 * @throws HsmError `invalid-data`
 */
export async function readSignature(
  option: 'signature' | 'mac',
  path: string | undefined,
  text: string | undefined,
): Promise<Buffer> {
  if (path === undefined) return bytesIn(`--${option}`, text ?? '')
  const bytes = await readSmall(`--${option}-path`, path, LIMITS.signatureBytes * 2)
  // Bytes of a signature that happen to be all base64 do not occur.
  const inside = bytes.toString('latin1').replace(/\s/g, '')
  return (inside !== '' && fromBase64(inside)) || bytes
}

export const SIGN: Rows = SIGNING_MECHANISMS.map(({ name, title, options, more, message }) =>
  action({
    name,
    about: `Sign with ${title}`,
    options: { ...signingKey, ...options, ...signatureFile, ...more },
    run: async (args, context) => sign(args as SignArgs, context, await message(args)),
  }),
)

export const VERIFY: Rows = SIGNING_MECHANISMS.map(({ name, title, options, more, message }) =>
  action({
    name,
    about: `Verify with ${title}`,
    options: { ...verificationKey, ...options, ...signature, ...more },
    run: (args, context) => verify(args as VerifyArgs, context, async () => message(args)),
  }),
)
