/** Programs at a token whose HSM is a real engine in memory. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { after, before } from 'node:test'
import type { Hsm } from '../../../src/contract/hsm.ts'
import type { EngineNeeds } from '../../../src/engine/needs.ts'
import { createPkcs11, type Pkcs11, type Pkcs11Needs, type ServeOptions } from '../../../src/pkcs11/serve.ts'
import { testEngine } from '../../support/engine.ts'
import {
  type Argument,
  bytes,
  connectP11,
  mechanism,
  type P11Client,
  template,
  ulong,
} from '../../support/p11-client.ts'
import { servePkcs11OverTls } from '../../support/pkcs11-over-tls.ts'
import { createWorld, PASSWORD, type World } from '../../support/world.ts'

export const C = {
  Initialize: 1,
  Finalize: 2,
  GetInfo: 3,
  GetSlotList: 4,
  GetSlotInfo: 5,
  GetTokenInfo: 6,
  GetMechanismList: 7,
  GetMechanismInfo: 8,
  OpenSession: 10,
  CloseSession: 11,
  CloseAllSessions: 12,
  GetSessionInfo: 13,
  SetPIN: 15,
  GetOperationState: 16,
  Login: 18,
  Logout: 19,
  CreateObject: 20,
  CopyObject: 21,
  DestroyObject: 22,
  GetObjectSize: 23,
  GetAttributeValue: 24,
  SetAttributeValue: 25,
  FindObjectsInit: 26,
  FindObjects: 27,
  FindObjectsFinal: 28,
  EncryptInit: 29,
  Encrypt: 30,
  EncryptUpdate: 31,
  EncryptFinal: 32,
  DecryptInit: 33,
  Decrypt: 34,
  DecryptUpdate: 35,
  DecryptFinal: 36,
  DigestInit: 37,
  Digest: 38,
  DigestUpdate: 39,
  DigestKey: 40,
  DigestFinal: 41,
  SignInit: 42,
  Sign: 43,
  SignUpdate: 44,
  SignFinal: 45,
  VerifyInit: 48,
  Verify: 49,
  VerifyUpdate: 50,
  VerifyFinal: 51,
  GenerateKey: 58,
  GenerateKeyPair: 59,
  WrapKey: 60,
  UnwrapKey: 61,
  DeriveKey: 62,
  SeedRandom: 63,
  GenerateRandom: 64,
  WaitForSlotEvent: 65,
  LoginUser: 66,
  SessionCancel: 67,
} as const

/** Types of attributes. */
export const A = {
  CLASS: 0,
  TOKEN: 1,
  PRIVATE: 2,
  LABEL: 3,
  VALUE: 0x11,
  CERTIFICATE_TYPE: 0x80,
  KEY_TYPE: 0x100,
  ID: 0x102,
  SENSITIVE: 0x103,
  ENCRYPT: 0x104,
  DECRYPT: 0x105,
  WRAP: 0x106,
  UNWRAP: 0x107,
  SIGN: 0x108,
  SIGN_RECOVER: 0x109,
  VERIFY: 0x10a,
  VERIFY_RECOVER: 0x10b,
  DERIVE: 0x10c,
  MODULUS: 0x120,
  MODULUS_BITS: 0x121,
  PUBLIC_EXPONENT: 0x122,
  PRIVATE_EXPONENT: 0x123,
  VALUE_LEN: 0x161,
  EXTRACTABLE: 0x162,
  DESTROYABLE: 0x172,
  EC_PARAMS: 0x180,
  EC_POINT: 0x181,
  UNWRAP_TEMPLATE: 0x4000_0212,
} as const

export const CLASS = { CERTIFICATE: 1, PUBLIC: 2, PRIVATE: 3, SECRET: 4 } as const
export const M = {
  RSA_KEY_PAIR_GEN: 0,
  RSA_PKCS: 1,
  RSA_OAEP: 9,
  RSA_PSS: 0xd,
  SHA256_RSA: 0x40,
  SHA256: 0x250,
  DES3_GEN: 0x131,
  DES3_ECB: 0x132,
  DES3_CBC: 0x133,
  SHA256_HMAC: 0x251,
  GENERIC_GEN: 0x350,
  EC_GEN: 0x1040,
  ECDSA: 0x1041,
  ECDSA_SHA256: 0x1044,
  ECDH: 0x1050,
  AES_GEN: 0x1080,
  AES_ECB: 0x1081,
  AES_CBC: 0x1082,
  AES_CBC_PAD: 0x1085,
  AES_CTR: 0x1086,
  AES_GCM: 0x1087,
  AES_CMAC: 0x108a,
  CLOUDHSM_AES_GCM: 0x8000_1087,
} as const

export const P256 = Buffer.from('06082a8648ce3d030107', 'hex')
/** CKF_SERIAL_SESSION, with and without CKF_RW_SESSION. */
export const READ_ONLY = 4
export const READ_WRITE = 6

export type Line = {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

export type Bench = {
  readonly world: World
  readonly pkcs11: Pkcs11
  /** Of the socket. */
  readonly path: string
  /** Connects as programs do, and says nothing. */
  open(): Promise<Duplex>
  readonly log: Line[]
  /** A program that has begun. */
  program(options?: { offered?: number }): Promise<Program>
}

export type Program = P11Client & {
  open(flags?: number): Promise<number>
  /** A read-write session in which a user is logged in. */
  login(username?: string): Promise<number>
  /** Handles of what a template finds, in that order. */
  find(session: number, template: Argument): Promise<readonly number[]>
}

/** What programs can come over. */
export const TRANSPORTS = ['socket', 'tls'] as const
type Transport = (typeof TRANSPORTS)[number]

/** What a program comes over to the token of a bench, and with which client. */
export type Way = {
  readonly transport: Transport
  readonly program: (shared: Bench) => Promise<Program>
}

/** As p11-kit's client of that version of the protocol. */
export const directly = (offered: number, transport: Transport): Way => ({
  transport,
  program: (shared) => shared.program({ offered }),
})

type Unusual = Partial<Pick<EngineNeeds, 'profile' | 'store' | 'publicObjects'>> &
  Pick<Pkcs11Needs, 'bounds' | 'patience' | 'makeKeyCertificate'> & {
    /** What stands between the token and its HSM. */
    readonly through?: (hsm: Hsm) => Hsm
    /** How programs connect; left out, to the socket. */
    readonly transport?: Transport
  }

/**
 * One for all tests of a suite.
 *
 * @param options of every connection
 * @param unusual how HSM and token are not as usual
 */
export function bench(
  options: ServeOptions | (() => ServeOptions) = {},
  {
    bounds = {},
    patience = {},
    makeKeyCertificate,
    through = (hsm) => hsm,
    transport = 'socket',
    ...founded
  }: Unusual = {},
): Bench {
  const log: Bench['log'] = []
  const shared: { -readonly [K in keyof Bench]?: Bench[K] } = { log }
  let close: () => Promise<void>
  before(async () => {
    const engine = await testEngine(founded)
    const directory = mkdtempSync(join(tmpdir(), 'strongroom-test-'))
    const path = join(directory, 'pkcs11.sock')
    const pkcs11 = createPkcs11({
      hsm: through(engine),
      version: '1.2.3',
      log: (level, fields, message) => log.push({ level, message, fields }),
      bounds,
      patience,
      makeKeyCertificate,
    })
    const how = typeof options === 'function' ? options : () => options
    const server = createServer((socket) => void pkcs11.serve(socket, how())).listen(path)
    await once(server, 'listening')
    const tls = transport === 'tls' ? await servePkcs11OverTls(pkcs11, engine) : undefined
    const open = async () => tls?.open() ?? connect(path)
    Object.assign(shared, {
      world: await createWorld(engine),
      pkcs11,
      path,
      open,
      program: async (how: Parameters<Bench['program']>[0]) => programOf(await connectP11(await open(), how)),
    })
    close = async () => {
      server.close()
      await tls?.close()
      await pkcs11.close()
      await engine.close()
      rmSync(directory, { recursive: true })
    }
  })
  after(() => close())
  return shared as Bench
}

export function programOf(client: P11Client): Program {
  const open: Program['open'] = async (flags = READ_WRITE) => {
    const { numbers } = await client.call(C.OpenSession, ulong(0), ulong(flags))
    return numbers[0] ?? Number.NaN
  }
  return {
    ...client,
    open,
    async login(username = 'alice') {
      const session = await open()
      await client.call(C.Login, ulong(session), ulong(1), bytes(`${username}:${PASSWORD}`))
      return session
    },
    async find(session, template) {
      await client.call(C.FindObjectsInit, ulong(session), template)
      const { list } = await client.call(C.FindObjects, ulong(session), {
        letters: 'fu',
        bytes: () => Buffer.from([0, 0, 1, 0]),
      })
      await client.call(C.FindObjectsFinal, ulong(session))
      return list
    },
  }
}

export async function aesKey(program: Program, session: number): Promise<number> {
  const made = await program.call(
    C.GenerateKey,
    ulong(session),
    mechanism(M.AES_GEN),
    template([A.VALUE_LEN, 32], [A.ENCRYPT, true], [A.DECRYPT, true]),
  )
  return made.numbers[0] ?? 0
}

export async function ecPair(program: Program, session: number): Promise<[number, number]> {
  const given = [
    mechanism(M.EC_GEN),
    template([A.EC_PARAMS, P256], [A.VERIFY, true]),
    template([A.SIGN, true], [A.DERIVE, true]),
  ]
  const { numbers } = await program.call(C.GenerateKeyPair, ulong(session), ...given)
  return [numbers[0] ?? 0, numbers[1] ?? 0]
}
