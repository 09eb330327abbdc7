/** For each operation of the table: how it succeeds, how policy refuses it, and how its work fails. */
import { certificateDer } from '../../../support/certificate.ts'
import { base64, makeAes, PASSWORD, reference } from '../../../support/world.ts'
import { CRYPTO_CASES } from './crypto-cases.ts'
import { KEY_CASES } from './key-cases.ts'
import { type Cases, ROLE } from './means.ts'

const ALICE = { username: 'alice', role: ROLE } as const
const FOUND = { username: 'bob', role: ROLE } as const

export const CASES: Cases = {
  ...KEY_CASES,
  ...CRYPTO_CASES,
  'session.login': () => ({
    by: 'nobody',
    request: { ...ALICE, password: PASSWORD },
    policy: { by: 'nobody', request: { ...ALICE, password: 'wrong password' }, code: 'bad-credentials' },
  }),
  'session.resume': async ({ world }) => {
    const request = { ...ALICE, password: PASSWORD, resumable: true }
    const { credential = '' } = await world.hsm.call('session.login', request)
    return {
      by: 'nobody',
      request: { credential },
      policy: { by: 'nobody', request: { credential: 'none' }, code: 'not-logged-in' },
    }
  },
  'session.renew': () => ({ request: {} }),
  'session.logout': () => ({ by: 'carol', request: {} }),
  'cluster.activate': () => ({
    request: { password: PASSWORD },
    policy: { request: { password: PASSWORD }, code: 'cluster-already-activated' },
  }),
  'cluster.hsm-info': () => ({ request: {} }),
  'cluster.status': () => ({ request: {} }),
  'cluster.set-material': () => ({ by: 'admin', request: { 'in-memory': 'all' } }),
  'cluster.show-material': () => ({ by: 'admin', request: {} }),
  'user.create': () => ({
    by: 'admin',
    request: { username: 'new', role: ROLE, password: PASSWORD },
    policy: { by: 'admin', request: { ...ALICE, password: PASSWORD }, code: 'user-exists' },
  }),
  'user.delete': () => ({
    by: 'admin',
    request: { username: 'carol', role: ROLE, force: true },
    policy: { by: 'admin', request: ALICE, code: 'user-logged-in' },
  }),
  'user.list': () => ({ request: {} }),
  'user.change-password': () => ({
    request: { ...ALICE, password: PASSWORD },
    policy: { request: { ...FOUND, password: PASSWORD }, code: 'not-permitted' },
  }),
  'user.logout': () => ({ request: ALICE, policy: { request: FOUND, code: 'not-permitted' } }),
  'policy.apply': () => ({ by: 'admin', request: { policy: 'trusted-wrapping' } }),
  'policy.show': () => ({ by: 'admin', request: {} }),
  'audit.list': () => ({ by: 'admin', request: {} }),
  'audit.heads': () => ({ by: 'admin', request: {} }),
  'audit.key': () => ({ by: 'admin', request: {} }),
  'audit.statement': () => ({ by: 'admin', request: {} }),
  'audit.set-policy': () => ({ by: 'admin', request: { 'key-use': 'all' } }),
  'audit.show-policy': () => ({ by: 'admin', request: {} }),
  'certificate.create': async () => {
    const value = (await certificateDer('CN=made')).toString('base64')
    const wanted = { value, label: 'c', id: '0x', session: false }
    return { request: wanted, work: { request: { ...wanted, value: base64('none') }, code: 'invalid-data' } }
  },
  'certificate.list': () => ({
    request: {},
    policy: { request: { 'starting-token': 'x' }, code: 'invalid-paging' },
  }),
  'certificate.change': ({ certificate }) => ({
    request: { reference: certificate, label: 'changed' },
    policy: { by: 'bob', request: { reference: certificate, label: 'his' }, code: 'not-owner' },
  }),
  'certificate.delete': ({ certificate }) => ({
    request: { reference: certificate },
    policy: { by: 'bob', request: { reference: certificate }, code: 'not-owner' },
  }),
  'replica.challenge': () => ({ request: {} }),
  'key.export-replica': async ({ clone, priv }) => {
    const { challenge } = await clone.as('alice', 'replica.challenge', {})
    const wanted = { filter: reference(priv), challenge }
    return {
      request: wanted,
      policy: { by: 'bob', request: wanted, code: 'not-owner' },
      work: { request: { ...wanted, challenge: base64('none') }, code: 'not-clones' },
    }
  },
  'key.import-replica': async ({ world, clone }) => {
    const key = await makeAes(clone, 'alice', 'arriving')
    const { challenge } = await world.as('alice', 'replica.challenge', {})
    const { parcel } = await clone.as('alice', 'key.export-replica', { filter: reference(key), challenge })
    const again = await world.as('bob', 'replica.challenge', {})
    const his = await clone.as('alice', 'key.export-replica', { filter: reference(key), ...again })
    return {
      request: { challenge, parcel },
      policy: { by: 'bob', request: { ...again, ...his }, code: 'not-owner' },
      work: { request: { challenge: base64('none'), parcel }, code: 'not-clones' },
    }
  },
  'user.export-replica': async ({ clone }) => {
    const { challenge } = await clone.as('admin', 'replica.challenge', {})
    return {
      by: 'admin',
      request: { ...ALICE, challenge },
      policy: { by: 'admin', request: { username: 'ghost', role: ROLE, challenge }, code: 'user-not-found' },
      work: { by: 'admin', request: { ...ALICE, challenge: base64('none') }, code: 'not-clones' },
    }
  },
  'user.import-replica': async ({ world, clone }) => {
    const person = { username: 'newcomer', role: ROLE } as const
    await clone.as('admin', 'user.create', { ...person, password: PASSWORD })
    const { challenge } = await world.as('admin', 'replica.challenge', {})
    const { parcel } = await clone.as('admin', 'user.export-replica', { ...person, challenge })
    const request = { challenge, parcel }
    return {
      by: 'admin',
      request,
      work: { by: 'admin', request: { challenge: base64('none'), parcel }, code: 'not-clones' },
    }
  },
  'backup.begin': () => ({ by: 'admin', request: {} }),
  'backup.next': async ({ world }) => {
    const { backup } = await world.as('admin', 'backup.begin', {})
    return {
      by: 'admin',
      request: { backup },
      work: { by: 'admin', request: { backup: 'none' }, code: 'backup-not-found' },
    }
  },
}
