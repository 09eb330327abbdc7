/** Our own module inside programs, as it is shipped and under sanitizers, and with HSMs that answer as they like. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, suite, type TestContext, test } from 'node:test'
import { PASSWORD } from '../../support/world.ts'
import { run, start, succeeds } from './commands.ts'
import { BUILDS, needsOwnModule, ownModule } from './own-module.ts'
import { type SocketHsm, startHsm } from './socket-hsm.ts'

/** Scenarios of module-scenarios.c that need an HSM and nothing else. */
const SCENARIOS = [
  'functions',
  'interfaces',
  'arguments',
  'rooms',
  'gcm',
  'gcm in front',
  'messages',
  'parameters',
  'wraps',
  'agreements',
  'derivations',
  'signatures',
  'forks',
  'loads',
  'threads',
  'cancellation',
  'descriptors',
  'standard streams',
  'interruptions',
] as const

/** What the scenario `stops` does next. */
const STOPS = [
  'a key',
  'parts',
  'Inits',
  'lengths',
  'what is given up',
  'a session',
  'its end',
  'a login',
  'a logout',
  'a program without a login',
  'all sessions',
  'the end',
] as const

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
const array = (bytes: Buffer): Buffer => Buffer.concat([u32(bytes.length), bytes])
const frame = (code: number, body: Buffer, options = 0): Buffer =>
  Buffer.concat([u32(code), u32(options), u32(body.length), body])
const body = (id: number, signature: string, results: Buffer): Buffer =>
  Buffer.concat([u32(id), array(Buffer.from(signature)), results])

const HELLO = Buffer.of(0x80)
const BEGUN = frame(16, body(1, '', Buffer.alloc(0)))
const INFO = Buffer.alloc(32)
const error = (value: number) => frame(17, body(0, 'u', Buffer.concat([u32(0), u32(value)])))

const OK = 'C_Initialize 0x0\n'
const NO_HSM = ['C_Initialize 0x6\n']
const DEVICE_ERROR = [OK, 'C_GetSessionInfo 0x30\n']
const DEVICE_REMOVED = [OK, 'C_GetSessionInfo 0x32\n']

/** To the greeting, to C_Initialize and to C_GetSessionInfo; then nothing more. */
type Answers = { readonly replies: readonly Buffer[]; readonly says: readonly string[] }

const begun = (reply: Buffer, says: readonly string[]): Answers => ({ replies: [HELLO, BEGUN, reply], says })

const ANSWERS: Readonly<Record<string, Answers>> = {
  nothing: { replies: [], says: NO_HSM },
  'in the dialect of p11-kit': { replies: [Buffer.of(1)], says: NO_HSM },
  'that it does not like the program': { replies: [HELLO, frame(16, error(7).subarray(12))], says: NO_HSM },
  'as it should': begun(frame(17, body(13, 'uuuu', INFO)), [OK, 'C_GetSessionInfo 0x0\n']),
  'with a refusal': begun(error(0xb3), [OK, 'C_GetSessionInfo 0xb3\n']),
  'with a refusal that is none': begun(error(0), DEVICE_ERROR),
  'with too little': begun(frame(17, body(13, 'uuuu', INFO.subarray(1))), DEVICE_ERROR),
  'with too much': begun(frame(17, body(13, 'uuuu', Buffer.alloc(33))), DEVICE_ERROR),
  'to another call': begun(frame(17, body(14, 'uuuu', INFO)), DEVICE_ERROR),
  'with another signature': begun(frame(17, body(13, 'uuus', INFO)), DEVICE_ERROR),
  'with an empty body': begun(frame(17, Buffer.alloc(0)), DEVICE_ERROR),
  'to nobody': begun(frame(18, body(13, 'uuuu', INFO)), DEVICE_REMOVED),
  'with options': begun(frame(17, body(13, 'uuuu', INFO), 1), DEVICE_REMOVED),
  'more than is taken': begun(Buffer.concat([u32(17), u32(0), u32(0x7fff_ffff)]), DEVICE_REMOVED),
  'half of it': begun(frame(17, body(13, 'uuuu', INFO)).subarray(0, 30), DEVICE_REMOVED),
}

for (const [name, build] of Object.entries(BUILDS)) {
  suite(name, needsOwnModule(build), () => {
    const module = ownModule(build)
    let program: string
    before(async () => {
      program = await module.compile(join(import.meta.dirname, 'module-scenarios.c'))
    })
    const words = (scenario: string) => [program, module.path(), `alice:${PASSWORD}`, scenario]
    const socket = () => join(module.directory(), 'pkcs11.sock')
    const options = () => ({ env: { P11_KIT_SERVER_ADDRESS: `unix:path=${socket()}` } })

    suite('with an HSM', () => {
      let hsm: SocketHsm
      before(async () => {
        hsm = await startHsm(socket())
      })
      after(() => hsm.stop())

      for (const scenario of SCENARIOS) {
        test(scenario, async (t) => {
          assert.equal(await succeeds(t, words(scenario), options()), '')
        })
      }

      /** Runs a scenario that says what comes next. Between, something is done to the HSM. */
      async function converse(
        t: TestContext,
        scenario: string,
        doings: readonly (readonly [string, () => Promise<void>])[],
      ) {
        const running = start(t, options().env, words(scenario))
        for (const [says, doing] of doings) {
          await running.says(`${says}\n`)
          await doing()
          running.child.stdin?.write('\n')
        }
        const { exit, stderr } = await running.ended
        assert.deepEqual({ exit, stderr }, { exit: 0, stderr: '' })
      }

      test('that goes away and comes back', (t) =>
        converse(t, 'restart', [
          ['up', hsm.interrupt],
          ['down', hsm.resume],
          ['up again', hsm.interrupt],
          ['down again', hsm.resume],
        ]))

      test('that is stopped and started', (t) =>
        converse(
          t,
          'stops',
          STOPS.map((says) => [says, hsm.restart]),
        ))
    })

    test('without an HSM', async (t) => {
      rmSync(socket(), { force: true })
      await succeeds(t, words('absent'), options())
      for (const address of [
        '',
        'unix:path=',
        'unix:path=/%0',
        'vsock:cid=1',
        `unix:path=/${'a'.repeat(200)}`,
      ])
        await succeeds(t, words('absent'), { env: { P11_KIT_SERVER_ADDRESS: address } })
    })

    /** What the scenario says with an HSM of our own making. */
    async function expectSays(
      t: TestContext,
      scenario: string,
      serve: (connection: Socket) => void,
      says: readonly string[],
    ) {
      rmSync(socket(), { force: true })
      const server = createServer(serve).listen(socket())
      await once(server, 'listening')
      t.after(() => server.close())
      const { exit, stdout, stderr } = await run(t, words(scenario), options())
      assert.deepEqual({ exit, stdout, stderr }, { exit: 0, stdout: says.join(''), stderr: '' })
    }

    for (const [what, { replies, says }] of Object.entries(ANSWERS)) {
      test(`with an HSM that answers ${what}`, (t) =>
        expectSays(t, 'answer', (connection) => answer(connection, replies), says))
    }

    test('with an HSM that finds more than there is room for', (t) => {
      const found = frame(17, body(27, 'au', Buffer.concat([Buffer.of(0), u32(7)])))
      return expectSays(t, 'finds', (connection) => answer(connection, [HELLO, BEGUN, found]), [])
    })

    test('with an HSM that answers with a template within a template', (t) => {
      const attribute = (type: number, length: number, value: Buffer) =>
        Buffer.concat([u32(type), Buffer.of(1), u32(length), value])
      const label = attribute(3, 8, array(Buffer.from('a secret')))
      const within = (inner: Buffer) => attribute(0x4000_0211, 24, Buffer.concat([u32(1), inner]))
      const told = frame(17, body(24, 'aAu', Buffer.concat([u32(1), within(within(label)), u32(0), u32(0)])))
      return expectSays(t, 'nested template', (connection) => answer(connection, [HELLO, BEGUN, told]), [])
    })

    test('a fork while a thread connects', (t) =>
      expectSays(t, 'fork while connecting', (connection) => connection.on('error', () => undefined), []))

    test('with an HSM that says nothing more, and signals', (t) =>
      expectSays(
        t,
        'interrupted impatience',
        (connection) => answerSlowly(connection, Buffer.alloc(0)),
        DEVICE_REMOVED,
      ))

    test('with an HSM that answers a byte at a time', (t) =>
      expectSays(
        t,
        'impatience',
        (connection) => answerSlowly(connection, frame(17, Buffer.alloc(100_000))),
        DEVICE_REMOVED,
      ))

    test('with an HSM that answers one thread and forgets another', (t) =>
      expectSays(t, 'one forgotten', answerTheFirst, []))
  })
}

/** A reply to each thing that comes, and the end after the last. */
function answer(connection: Socket, replies: readonly Buffer[]): void {
  let count = 0
  connection.on('error', () => undefined)
  connection.on('data', () => {
    const reply = replies[count]
    count += 1
    if (reply) connection.write(reply)
    if (count >= replies.length) connection.end()
  })
}

/** C_GetSessionInfo of session 1, each time, as soon as session 2 has asked as well; that one gets no answer. */
function answerTheFirst(connection: Socket): void {
  const waiting: number[] = []
  let isSecondThere = false
  let coming = Buffer.alloc(0)
  connection.on('error', () => undefined)
  connection.once('data', () => {
    connection.write(HELLO)
    connection.on('data', (bytes: Buffer) => {
      coming = Buffer.concat([coming, bytes])
      while (coming.length >= 12 && coming.length >= 12 + coming.readUInt32BE(8)) {
        const request = coming.subarray(0, 12 + coming.readUInt32BE(8))
        coming = coming.subarray(request.length)
        const code = request.readUInt32BE(0)
        if (code === 16) connection.write(BEGUN)
        else if (request.at(-1) === 2) isSecondThere = true
        else waiting.push(code)
      }
      if (isSecondThere)
        for (const code of waiting.splice(0)) connection.write(frame(code, body(13, 'uuuu', INFO)))
    })
  })
}

/**
 * As it should up to C_Initialize; then this, and no end. Each byte goes by itself when the one before it has gone: a socket has
 * room for some hundred of them, so that the program has to read it in many pieces however late it wakes.
 */
function answerSlowly(connection: Socket, last: Buffer): void {
  const replies = [HELLO, BEGUN]
  connection.on('error', () => undefined)
  connection.on('data', async () => {
    const reply = replies.shift()
    if (reply) connection.write(reply)
    else
      for (const byte of last) {
        if (connection.destroyed) return
        await new Promise((resolve) => connection.write(Buffer.of(byte), resolve))
      }
  })
}
