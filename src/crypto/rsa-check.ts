/**
 * OpenSSL's check of RSA keys made elsewhere (EVP_PKEY_check(3)), in a thread of its own: whether the primes are prime
 * takes 45 ms of a 2048-bit key and 290 ms of a 4096-bit one, and node:crypto has no such check in its pool.
 */
import { Worker } from 'node:worker_threads'

type Question = { readonly id: number; readonly der: Uint8Array; readonly isPrivate: boolean }
type Reply = { readonly id: number; readonly sound: boolean }

let worker: Worker | undefined
let next = 0
const waiting = new Map<number, PromiseWithResolvers<boolean>>()

/**
 * One key after the other. Only where `openssl.ts` can work.
 *
 * @param der SubjectPublicKeyInfo, or PKCS #8; not changed
 * @returns whether the modulus can be that of an RSA key, and the private numbers, if any, belong to it
 */
export function isSoundRsa(der: Uint8Array, isPrivate: boolean): Promise<boolean> {
  worker ??= begin()
  worker.ref()
  const id = next++
  const answer = Promise.withResolvers<boolean>()
  waiting.set(id, answer)
  // The copy moves to the other thread, which wipes it.
  const copy = Uint8Array.from(der)
  const question: Question = { id, der: copy, isPrivate }
  worker.postMessage(question, [copy.buffer])
  return answer.promise
}

/** It keeps the process alive only while somebody waits for it. */
function begin(): Worker {
  const made = new Worker(`(${check})()`, { eval: true, name: 'rsa-check', env: {} })
  made.on('message', ({ id, sound }: Reply) => {
    waiting.get(id)?.resolve(sound)
    waiting.delete(id)
    if (waiting.size === 0) made.unref()
  })
  made.once('error', (cause) => fail(new Error('The check of RSA keys failed', { cause })))
  made.once('exit', () => fail(new Error('The check of RSA keys ended')))
  return made
}

/** The next key gets a new thread. */
function fail(reason: Error): void {
  worker = undefined
  for (const { reject } of waiting.values()) reject(reason)
  waiting.clear()
}

/** What the thread runs: its source goes there, so it can use nothing of this file. */
function check(): void {
  const { parentPort } = process.getBuiltinModule('node:worker_threads')
  const { dlopen, getRawPointer } = process.getBuiltinModule('node:ffi')
  const { functions } = dlopen(null, {
    d2i_AutoPrivateKey: { arguments: ['pointer', 'pointer', 'i64'], return: 'pointer' },
    d2i_PUBKEY: { arguments: ['pointer', 'pointer', 'i64'], return: 'pointer' },
    EVP_PKEY_free: { arguments: ['pointer'], return: 'void' },
    EVP_PKEY_CTX_new: { arguments: ['pointer', 'pointer'], return: 'pointer' },
    EVP_PKEY_CTX_free: { arguments: ['pointer'], return: 'void' },
    EVP_PKEY_public_check: { arguments: ['pointer'], return: 'i32' },
    EVP_PKEY_pairwise_check: { arguments: ['pointer'], return: 'i32' },
    ERR_clear_error: { arguments: [], return: 'void' },
  })
  // The decoder moves the pointer in this cell past what it has read. Made once, so that it is there while OpenSSL writes.
  const cell = new BigUint64Array(new ArrayBuffer(8))
  parentPort?.on('message', ({ id, der, isPrivate }: Question) => {
    cell[0] = getRawPointer(der)
    const decode = isPrivate ? functions.d2i_AutoPrivateKey : functions.d2i_PUBKEY
    const key = decode(null, cell, BigInt(der.length))
    const context = functions.EVP_PKEY_CTX_new(key, null)
    const verdict = isPrivate ? functions.EVP_PKEY_pairwise_check : functions.EVP_PKEY_public_check
    const sound = key !== 0n && context !== 0n && verdict(context) === 1
    functions.EVP_PKEY_CTX_free(context)
    functions.EVP_PKEY_free(key)
    functions.ERR_clear_error()
    der.fill(0)
    parentPort.postMessage({ id, sound } satisfies Reply)
  })
}
