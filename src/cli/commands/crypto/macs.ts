/** `crypto mac`: a command to generate and one to verify, for each mechanism. */
import { HsmError } from '../../../contract/errors.ts'
import {
  type Args,
  action,
  type Context,
  type Data,
  type Group,
  type Options,
  type Rows,
} from '../../spec.ts'
import { dataOptions, type PreparedMessage, sentAsTheyAre } from '../data.ts'
import { saveOutput } from '../files.ts'
import { hashFunction, keyToUse } from '../options.ts'
import { signMessage, verifyMessage } from './signature-calls.ts'
import { readSignature } from './signatures.ts'

const macKey = { 'key-filter': keyToUse('the MAC') } as const satisfies Options

const cmacOptions = {
  ...dataOptions,
  'mac-length': {
    value: 'MAC_LENGTH',
    count: true,
    help: 'How many bytes of the MAC are kept, from the left. If not provided, all of them',
  },
} as const satisfies Options

const hmacOptions = { 'hash-function': hashFunction, ...cmacOptions } as const satisfies Options

const macFile = {
  'mac-path': {
    value: 'MAC_PATH',
    writes: true,
    help: 'Path of a file to write the MAC to, as bytes, instead of printing it; - for standard output',
  },
} as const satisfies Options

const givenMac = {
  'mac-path': {
    value: 'MAC_PATH',
    group: 'mac',
    help: 'Path of the file with the MAC, as bytes or in base64',
  },
  mac: { value: 'MAC', group: 'mac', help: 'The MAC in base64' },
} as const satisfies Options

async function generateMac(
  args: Args<typeof macKey & typeof macFile>,
  context: Context,
  message: PreparedMessage,
): Promise<Data> {
  const { reference, signature: mac } = await signMessage(context.call, args['key-filter'], message)
  const path = args['mac-path']
  if (path === undefined) return { 'key-reference': reference, mac: mac.toString('base64') }
  await saveOutput({ option: '--mac-path', path, audience: 'public' }, mac, context)
  return { 'key-reference': reference }
}

async function verifyMac(
  args: Args<typeof macKey & typeof givenMac>,
  { call }: Context,
  message: PreparedMessage,
): Promise<Data> {
  const mac = await readSignature('mac', args['mac-path'], args.mac)
  const valid = await verifyMessage(call, args['key-filter'], message, mac)
  if (!valid) throw new HsmError('signature-invalid', 'MAC verification failed')
  return { message: 'MAC verified successfully' }
}

type MacMechanism = {
  readonly name: string
  /** Behind `Generate a MAC with`. */
  readonly how: string
  readonly options: Options
  message(args: MacArgs): PreparedMessage
}
type MacArgs = Args<typeof cmacOptions> & Partial<Args<typeof hmacOptions>>

const MECHANISMS: readonly MacMechanism[] = [
  {
    name: 'aes-cmac',
    how: 'an AES key: AES-CMAC',
    options: cmacOptions,
    message: (args) => sentAsTheyAre(args, { name: 'aes-cmac', 'mac-length': args['mac-length'] }),
  },
  {
    name: 'hmac',
    how: 'a generic secret: HMAC',
    options: hmacOptions,
    message(args) {
      const { 'hash-function': hash, 'mac-length': length } = args as Args<typeof hmacOptions>
      return sentAsTheyAre(args, { name: 'hmac', hash, 'mac-length': length })
    },
  },
]

const GENERATE: Group = {
  name: 'generate',
  about: 'Generate a MAC of data',
  commands: MECHANISMS.map(({ name, how, options, message }) =>
    action({
      name,
      about: `Generate a MAC with ${how}`,
      options: { ...macKey, ...options, ...macFile },
      run: (args, context) => generateMac(args, context, message(args)),
    }),
  ),
}

const VERIFY: Group = {
  name: 'verify',
  about: 'Verify a MAC of data',
  commands: MECHANISMS.map(({ name, how, options, message }) =>
    action({
      name,
      about: `Verify a MAC with ${how}`,
      options: { ...macKey, ...options, ...givenMac },
      run: (args, context) => verifyMac(args, context, message(args)),
    }),
  ),
}

export const MAC: Rows = [GENERATE, VERIFY]
