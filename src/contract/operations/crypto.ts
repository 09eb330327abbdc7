/** What is done with keys. */
import * as v from 'valibot'
import { boundedArray } from '../bounded.ts'
import { bytes, replyBytes } from '../bytes.ts'
import { LIMITS } from '../limits.ts'
import { cipher, mechanism } from '../mechanisms.ts'
import { streamStart } from '../streams.ts'
import { count, done, type Operation, one } from './operation.ts'

const batch = <T extends v.GenericSchema>(item: T) =>
  v.pipe(boundedArray(item, LIMITS.batchItems), v.minLength(1))
const data = batch(bytes(LIMITS.dataBytes))
const stream = v.pipe(v.string(), v.maxLength(64, 'stream is too long'))

export const CRYPTO = {
  'crypto.sign': {
    access: 'crypto-user',
    keys: { filter: 'use' },
    audit: 'use',
    about: 'Sign each item of data with one key',
    request: v.strictObject({ ...one, mechanism, data }),
    reply: v.object({ 'key-reference': v.string(), signatures: v.array(replyBytes) }),
  },
  'crypto.verify': {
    access: 'crypto-user',
    keys: { filter: 'use' },
    audit: 'use',
    about: 'Verify the signature of each item of data with one key',
    request: v.strictObject({ ...one, mechanism, data, signatures: batch(bytes(LIMITS.signatureBytes)) }),
    reply: v.object({ 'key-reference': v.string(), verified: v.array(v.boolean()) }),
  },
  'crypto.encrypt': {
    access: 'crypto-user',
    keys: { filter: 'use' },
    audit: 'use',
    about: 'Encrypt each item of data with one key',
    request: v.strictObject({ ...one, cipher, data }),
    reply: v.object({
      'key-reference': v.string(),
      data: v.array(replyBytes),
      /** One for each item: those the HSM made for `aes-gcm`. */
      ivs: v.optional(v.array(replyBytes)),
    }),
  },
  'crypto.decrypt': {
    access: 'crypto-user',
    keys: { filter: 'use' },
    audit: 'use',
    about: 'Decrypt each item of data with one key',
    request: v.strictObject({ ...one, cipher, data }),
    reply: v.object({ 'key-reference': v.string(), data: v.array(replyBytes) }),
  },
  'crypto.begin': {
    access: 'crypto-user',
    keys: { filter: 'use' },
    audit: 'use',
    about: 'Begin a message in several parts, in this session',
    request: streamStart,
    reply: v.object({
      stream: v.string(),
      'key-reference': v.string(),
      /**
       * Bytes of the signature or MAC, or at the most of what an RSA key makes of the message; of nothing else.
       */
      'result-bytes': v.optional(count),
      /** The one the HSM made for `aes-gcm`. */
      iv: v.optional(replyBytes),
    }),
  },
  'crypto.update': {
    access: 'crypto-user',
    keys: { stream: 'use' },
    audit: 'use',
    about: 'Send the next part of a message',
    request: v.strictObject({ stream, data: bytes(LIMITS.dataBytes) }),
    /** What is ready so far of a message that is encrypted or decrypted. */
    reply: v.object({ data: v.optional(replyBytes) }),
  },
  'crypto.finish': {
    access: 'crypto-user',
    keys: { stream: 'use' },
    audit: 'use',
    about:
      'Send the last part of a message, if any, and return the result; this ends the stream, also on failure',
    request: v.strictObject({
      stream,
      data: v.optional(bytes(LIMITS.dataBytes)),
      /** When verifying. */
      signature: v.optional(bytes(LIMITS.signatureBytes)),
    }),
    reply: v.object({ data: v.optional(replyBytes), verified: v.optional(v.boolean()) }),
  },
  'crypto.cancel': {
    access: 'crypto-user',
    audit: 'none',
    about: 'End a message in several parts without a result',
    request: v.strictObject({ stream }),
    reply: done,
  },
  'crypto.random': {
    access: 'session',
    audit: 'none',
    about: 'Return random bytes',
    request: v.strictObject({
      bytes: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LIMITS.randomBytes)),
    }),
    reply: v.object({ data: replyBytes }),
  },
} as const satisfies Record<string, Operation>
