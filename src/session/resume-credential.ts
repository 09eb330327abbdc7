/** What resumes a login: the id of its record, and a secret of 256 bits of which the record has the hash. */
import { hash, timingSafeEqual } from 'node:crypto'
import type { LoginRecord } from '../model/records.ts'

const ID_BYTES = 8
const SECRET_BYTES = 32
const CREDENTIAL = /^([\w-]{11})([\w-]{43})$/

type Proof = Pick<LoginRecord, 'id' | 'secretHash'>

/** @returns the credential in base64url, and what the record has of it */
export function newCredential(
  random: (bytes: number) => Uint8Array,
): Proof & { readonly credential: string } {
  const [id, secret] = [Buffer.from(random(ID_BYTES)), Buffer.from(random(SECRET_BYTES))]
  return { credential: textOf(id, secret), id: id.toString('hex'), secretHash: hashOf(secret) }
}

/** Undefined for what is no credential, and for one that is not written as it was given out. */
export function readCredential(credential: string): Proof | undefined {
  const [, ...parts] = CREDENTIAL.exec(credential) ?? []
  const [id, secret] = parts.map((part) => Buffer.from(part, 'base64url'))
  if (!id || !secret || textOf(id, secret) !== credential) return undefined
  return { id: id.toString('hex'), secretHash: hashOf(secret) }
}

const textOf = (id: Buffer, secret: Buffer): string => id.toString('base64url') + secret.toString('base64url')

/** Both are hashes; the time that it takes tells nothing of the one that is kept. */
export const proves = (shown: Proof, login: Proof): boolean =>
  shown.id === login.id && timingSafeEqual(Buffer.from(shown.secretHash), Buffer.from(login.secretHash))

const hashOf = (secret: Uint8Array): string => hash('sha256', secret, 'hex')
