/** What a program of bob's does again and again. */
import { CKA, CKO } from '../../../src/pkcs11/cryptoki/objects.ts'
import { pin } from './payments.ts'
import type { Attribute, Handle, Mechanism, Program } from './program.ts'

const RW_SERIAL_SESSION = 6
const USER = 1

export async function openSession(program: Program): Promise<Handle> {
  const [slot] = await program.call<Handle[]>('C_GetSlotList', true)
  return program.call('C_OpenSession', slot, RW_SERIAL_SESSION)
}

/** @param person whose PIN it is */
export async function signIn(program: Program, person = 'bob'): Promise<Handle> {
  const session = await openSession(program)
  await program.call('C_Login', session, USER, pin(person))
  return session
}

/** Handles of all that match. */
export async function find(
  program: Program,
  session: Handle,
  template: readonly Attribute[],
): Promise<Handle[]> {
  await program.call('C_FindObjectsInit', session, template)
  const found: Handle[] = []
  for (;;) {
    const handle = await program.call<Handle | null>('C_FindObjects', session)
    if (!handle) break
    found.push(handle)
  }
  await program.call('C_FindObjectsFinal', session)
  return found
}

export async function findKey(
  program: Program,
  session: Handle,
  label: string,
  keyClass: number = CKO.PRIVATE_KEY,
): Promise<Handle> {
  const template = [
    { type: CKA.CLASS, value: keyClass },
    { type: CKA.LABEL, value: label },
  ]
  const [key] = await find(program, session, template)
  if (!key) throw new Error(`there is no key ${label}`)
  return key
}

export async function sign(
  program: Program,
  session: Handle,
  key: Handle,
  mechanism: Mechanism,
  data: string | Uint8Array,
): Promise<Buffer> {
  await program.call('C_SignInit', session, mechanism, key)
  return program.call('C_Sign', session, Buffer.from(data), Buffer.alloc(1024))
}
