/**
 * How the master key reaches a new node: sealed in etcd under a secret that only the two administrators see, once, and
 * for a short while.
 */
import { createHash } from 'node:crypto'
import * as v from 'valibot'
import { HsmError } from '../contract/errors.ts'
import { createSealer } from '../crypto/seal.ts'

/** What an administrator carries from one machine to the other. */
export type JoinToken = {
  readonly clusterId: string
  readonly endpoints: readonly string[]
  /** 32 random bytes. */
  readonly secret: Uint8Array
  /** Unix time in milliseconds. */
  readonly expiresAt: number
}

export const TOKEN_SECONDS = 600
export const SECRET_BYTES = 32

// Nodes of version 0.1.0 call it an invitation.
const PREFIX = 'strongroom-invitation-'
const CHECKSUM_BYTES = 6
const CONTEXT = 'master-key'

const content = v.object({
  clusterId: v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
  endpoints: v.pipe(v.array(v.pipe(v.string(), v.url(), v.startsWith('http'))), v.minLength(1)),
  secret: v.pipe(v.string(), v.regex(/^[\w-]{43}$/)),
  expiresAt: v.number(),
})

/** One line of text without spaces. */
export function writeJoinToken({ secret, ...rest }: JoinToken): string {
  const json = JSON.stringify({ ...rest, secret: Buffer.from(secret).toString('base64url') })
  return PREFIX + Buffer.concat([checksum(json), Buffer.from(json)]).toString('base64url')
}

/** @throws HsmError `invalid-request` when it is not what was written */
export function readJoinToken(text: string): JoinToken {
  const line = text.trim()
  const bytes = Buffer.from(line.slice(PREFIX.length), 'base64url')
  const json = bytes.subarray(CHECKSUM_BYTES).toString()
  if (!line.startsWith(PREFIX) || !checksum(json).equals(bytes.subarray(0, CHECKSUM_BYTES))) throw notWhole()
  try {
    const { secret, ...rest } = v.parse(content, JSON.parse(json))
    return { ...rest, secret: Buffer.from(secret, 'base64url') }
  } catch (cause) {
    throw notWhole(cause)
  }
}

const notWhole = (cause?: unknown): HsmError =>
  new HsmError(
    'invalid-request',
    'The join token is not whole; it must be the line that node invite printed',
    { cause },
  )

/** Against slips of the hand: whoever can make up a secret can make up this. */
const checksum = (json: string): Buffer =>
  createHash('sha256').update(json).digest().subarray(0, CHECKSUM_BYTES)

/** What the token is called in etcd; tells nothing about the secret. */
export const nameOf = ({ secret, clusterId }: JoinToken): string =>
  sealerOf(secret, clusterId).mark('name').toString('hex')

/** AES-256-GCM under a key derived from the secret of the join token. */
export const sealMasterKey = ({ secret, clusterId }: JoinToken, masterKey: Uint8Array): Buffer =>
  sealerOf(secret, clusterId).seal(masterKey, CONTEXT)

/** @throws HsmError `store-damaged` when it was changed in etcd */
export function openMasterKey({ secret, clusterId }: JoinToken, sealed: Uint8Array): Buffer {
  try {
    return sealerOf(secret, clusterId).open(sealed, CONTEXT)
  } catch (cause) {
    throw new HsmError(
      'store-damaged',
      'What the join token opens was changed in etcd; make another token with: strongroom node invite',
      { cause },
    )
  }
}

const sealerOf = (secret: Uint8Array, clusterId: string) => createSealer(secret, 'invitation', clusterId)
