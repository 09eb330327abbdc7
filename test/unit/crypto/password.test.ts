import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import { createPasswordHasher, PASSWORD_COST } from '../../../src/crypto/password.ts'

const passwords = createPasswordHasher({ cost: PASSWORD_COST, parallel: 2, queue: 16 })
const isBusy = (error: unknown) => error instanceof HsmError && error.code === 'busy'
const isDamaged = (error: unknown) => error instanceof HsmError && error.code === 'store-damaged'

/** From the test suite of the reference implementation of argon2, with memory small enough for a test. */
const REFERENCE = [
  '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
  '$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc',
]

test('a password is verified against its own hash and no other', async () => {
  const phc = await passwords.hash('correct horse')
  assert.match(phc, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  assert.equal(await passwords.verify('correct horse', phc), true)
  assert.equal(await passwords.verify('correct horsf', phc), false)
  assert.equal(await passwords.verify('', phc), false)
})

test('the same password gets another salt each time', async () => {
  const [one, two] = await Promise.all([passwords.hash('Secret123'), passwords.hash('Secret123')])
  assert.notEqual(one, two)
})

test('hashes of the reference implementation are verified with the costs they state', async () => {
  for (const phc of REFERENCE) {
    assert.equal(await passwords.verify('password', phc), true, phc)
    assert.equal(await passwords.verify('differentpassword', phc), false, phc)
  }
})

test('without a hash the answer is no', async () => {
  assert.equal(await passwords.verify('Secret123', undefined), false)
})

test('UTF-8 bytes count as they are, without normalisation', async () => {
  const phc = await passwords.hash('p\u00e4sswort')
  assert.equal(await passwords.verify('p\u00e4sswort', phc), true)
  assert.equal(await passwords.verify('pa\u0308sswort', phc), false)
})

test('a hash that is not one of ours is damage', async () => {
  const [good = ''] = REFERENCE
  const damaged = [
    '',
    'password',
    good.replace('argon2id', 'argon2i'),
    good.replace('v=19', 'v=16'),
    good.replace('m=256', 'm=0256'),
    good.replace('m=256', 'm=7'),
    good.replace('m=256', 'm=262145'),
    good.replace('m=256', 'm=99999999999'),
    good.replace('t=2', 't=0'),
    good.replace('t=2', 't=17'),
    good.replace('p=1', 'p=0'),
    good.replace('p=1', 'p=17'),
    good.replace('p=1', 'p=33'),
    good.replace('m=256,t=2', 't=2,m=256'),
    good.replace('c29tZXNhbHQ', 'c29tZXNhbHR'),
    good.replace('c29tZXNhbHQ', 'c29tZXNhbHQ='),
    good.replace('c29tZXNhbHQ', 'c29t'),
    good.replace('c29tZXNhbHQ', 'c29tZXNhb-Q'),
    good.slice(0, -30),
    `${good}AA`,
    `${good}\n`,
    ` ${good}`,
  ]
  for (const phc of damaged) await assert.rejects(passwords.verify('password', phc), isDamaged, phc)
})

test('what neither fits beside the others nor into the queue is refused, the rest is served in order', async () => {
  const hasher = createPasswordHasher({ cost: PASSWORD_COST, parallel: 1, queue: 2 })
  const [good] = REFERENCE
  const served: number[] = []
  const serve = async (place: number, password: string) => {
    const right = await hasher.verify(password, good)
    served.push(place)
    return right
  }
  const answers = await Promise.allSettled([
    serve(1, 'password'),
    serve(2, 'wrong'),
    serve(3, 'password'),
    assert.rejects(hasher.verify('password', undefined), isBusy),
    assert.rejects(hasher.hash('password'), isBusy),
  ])
  assert.deepEqual(
    answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : answer.reason)),
    [true, false, true, undefined, undefined],
  )
  assert.deepEqual(served, [1, 2, 3])
  assert.equal(await hasher.verify('password', good), true)
})

test('a hash that fails gives its place back', async () => {
  const hasher = createPasswordHasher({ cost: PASSWORD_COST, parallel: 1, queue: 0 })
  const [good] = REFERENCE
  await assert.rejects(hasher.verify('password', 'damaged'), isDamaged)
  assert.equal(await hasher.verify('password', good), true)
})
