/** What the commands of `crypto` work on: the data, hashed here when they are too large to send. */
import { createHash } from 'node:crypto'
import { DIGEST_INFO_PREFIX, type Hash } from '../../contract/algorithms.ts'
import { HsmError } from '../../contract/errors.ts'
import { LIMITS } from '../../contract/limits.ts'
import type { MechanismName } from '../../contract/mechanisms.ts'
import type { Request } from '../../contract/operations.ts'
import type { Args, Options } from '../spec.ts'
import { bytesIn } from './encodings.ts'
import { readChunks, readSmall } from './files.ts'

export const dataOptions = {
  'data-path': { value: 'DATA_PATH', group: 'data', help: 'Path of the file with the data' },
  data: { value: 'DATA', group: 'data', mayBeEmpty: true, help: 'The data in base64' },
} as const satisfies Options

export type Mechanism = Request<'crypto.sign'>['mechanism']
type DataArgs = Args<typeof dataOptions>

/** The data in blocks of the size that fits into a request, all but the last of them full; at least one. */
export type PreparedMessage = { readonly mechanism: Mechanism; readonly blocks: AsyncIterable<Buffer> }

/** Data that are sent as they are, however large. */
export const sentAsTheyAre = (args: DataArgs, mechanism: Mechanism): PreparedMessage => ({
  mechanism,
  blocks: blocksOf(args),
})

/** Data that go into one request as a whole; throws `invalid-data` when they are larger than `most` bytes. */
export async function sentWhole(
  args: DataArgs,
  mechanism: Mechanism,
  most: number = LIMITS.dataBytes,
): Promise<PreparedMessage> {
  return { mechanism, blocks: only(await wholeData(args, most)) }
}

/** Data that the HSM hashes as long as they go into one request; larger ones are hashed here. */
export async function hashedSomewhere(
  args: DataArgs,
  hash: Hash,
  mechanismOf: (input: 'raw' | 'digest') => Mechanism,
): Promise<PreparedMessage> {
  const hasher = createHash(hash)
  let first: Buffer = Buffer.alloc(0)
  let count = 0
  for await (const block of blocksOf(args)) {
    hasher.update(block)
    if (count++ === 0) first = block
  }
  if (count === 1) return { mechanism: mechanismOf('raw'), blocks: only(first) }
  const mechanism = mechanismOf('digest')
  return { mechanism, blocks: only(digestInput(mechanism.name, hash, hasher.digest())) }
}

/** RSASSA-PKCS1-v1_5 takes a digest inside its DigestInfo (RFC 8017 §9.2). */
function digestInput(name: MechanismName, hash: Hash, digest: Buffer): Buffer {
  if (name !== 'rsa-pkcs') return digest
  return Buffer.concat([Buffer.from(DIGEST_INFO_PREFIX[hash], 'hex'), digest])
}

async function* only(block: Buffer): AsyncGenerator<Buffer> {
  yield block
}

async function* blocksOf(args: DataArgs): AsyncGenerator<Buffer> {
  let waiting: Buffer = Buffer.alloc(0)
  for await (const chunk of chunksOf(args)) {
    waiting = Buffer.concat([waiting, chunk])
    while (waiting.length > LIMITS.dataBytes) {
      yield waiting.subarray(0, LIMITS.dataBytes)
      waiting = waiting.subarray(LIMITS.dataBytes)
    }
  }
  yield waiting
}

async function* chunksOf(args: DataArgs): AsyncIterable<Buffer> {
  const path = args['data-path']
  if (path === undefined) yield bytesIn('--data', args.data ?? '')
  else yield* readChunks('--data-path', path)
}

/** Throws `invalid-data` when the data are larger than `most` bytes. */
export const wholeData = (args: DataArgs, most: number): Promise<Buffer> =>
  wholeOf('--data', args['data-path'], args.data, most)

/**
 * @param option that gave it in base64; `path`, of a file, is of the option with `-path` behind
 * @throws HsmError `invalid-data`, also for more than `most` bytes
 */
export async function wholeOf(
  option: string,
  path: string | undefined,
  text: string | undefined,
  most: number,
): Promise<Buffer> {
  if (path !== undefined) return readSmall(`${option}-path`, path, most)
  const data = bytesIn(option, text ?? '')
  if (data.length > most) throw new HsmError('invalid-data', `${option} is larger than ${most} bytes`)
  return data
}
