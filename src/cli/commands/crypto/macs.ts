/** What the commands of `crypto mac` share. */
import { HsmError } from '../../../contract/errors.ts'
import type { Args, Context, Data, Options } from '../../spec.ts'
import { dataOptions, type Message, sentAsTheyAre } from '../data.ts'
import { saveOutput } from '../files.ts'
import { hashFunction, keyToUse } from '../options.ts'
import { signMessage, verifyMessage } from './signature-calls.ts'
import { readSignature } from './signatures.ts'

export const macKey = { 'key-filter': keyToUse('the MAC') } as const satisfies Options

export const cmacOptions = {
  ...dataOptions,
  'mac-length': {
    value: 'MAC_LENGTH',
    count: true,
    help: 'How many bytes of the MAC are kept, from the left. If not provided, all of them',
  },
} as const satisfies Options

export const hmacOptions = { 'hash-function': hashFunction, ...cmacOptions } as const satisfies Options

export const macFile = {
  'mac-path': {
    value: 'MAC_PATH',
    writes: true,
    help: 'Path of a file to write the MAC to, as bytes, instead of printing it; - for standard output',
  },
} as const satisfies Options

export const givenMac = {
  'mac-path': {
    value: 'MAC_PATH',
    group: 'mac',
    help: 'Path of the file with the MAC, as bytes or in base64',
  },
  mac: { value: 'MAC', group: 'mac', help: 'The MAC in base64' },
} as const satisfies Options

export const hmacMessage = (args: Args<typeof hmacOptions>): Message =>
  sentAsTheyAre(args, { name: 'hmac', hash: args['hash-function'], 'mac-length': args['mac-length'] })

export const cmacMessage = (args: Args<typeof cmacOptions>): Message =>
  sentAsTheyAre(args, { name: 'aes-cmac', 'mac-length': args['mac-length'] })

export async function generateMac(
  args: Args<typeof macKey & typeof macFile>,
  context: Context,
  message: Message,
): Promise<Data> {
  const { reference, signature: mac } = await signMessage(context.call, args['key-filter'], message)
  const path = args['mac-path']
  if (path === undefined) return { 'key-reference': reference, mac }
  await saveOutput({ option: '--mac-path', path, audience: 'public' }, Buffer.from(mac, 'base64'), context)
  return { 'key-reference': reference }
}

export async function verifyMac(
  args: Args<typeof macKey & typeof givenMac>,
  { call }: Context,
  message: Message,
): Promise<Data> {
  const mac = await readSignature('mac', args['mac-path'], args.mac)
  const valid = await verifyMessage(call, args['key-filter'], message, mac.toString('base64'))
  if (!valid) throw new HsmError('signature-invalid', 'MAC verification failed')
  return { message: 'MAC verified successfully' }
}
