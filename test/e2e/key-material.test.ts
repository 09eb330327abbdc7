/** `strongroom key-material` and what `status` says of it, on etcd and on an embedded store. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startEtcd } from '../support/etcd.ts'
import { activate, client, run, serve, temporaryHome } from './strongroom.ts'

const ADMIN = { CLOUDHSM_ROLE: 'admin', CLOUDHSM_PIN: 'admin:correct horse' }

test('on etcd, an admin sets that all material is kept in memory, and status says so', async (t) => {
  const etcd = await startEtcd()
  t.after(etcd.stop)
  const home = temporaryHome(t)
  await serve(home, '--etcd', etcd.endpoints.join(), '--cluster-id', 'cluster-kept', '--hsm-id', 'hsm-a')
  await activate(client(t, home))
  const ask = (...words: readonly string[]) => run(['key-material', ...words, '--home', home.root], ADMIN)
  const line = async () => /^key-material .*$/m.exec((await run(['status', '--home', home.root])).stdout)?.[0]

  assert.equal(await line(), 'key-material      used, of 0 keys in memory, 0.0 MB')
  const printed = 'in-memory: all\nthis HSM:  of 0 of 0 keys, in 0.0 MB\n'
  assert.deepEqual(await ask('set', '--in-memory', 'all'), { exit: 0, stdout: printed, stderr: '' })
  assert.equal((await ask('show')).stdout, printed)
  assert.deepEqual(JSON.parse((await ask('show', '--json')).stdout), {
    'in-memory': 'all',
    keys: 0,
    kept: { keys: 0, bytes: 0 },
  })
  assert.equal(await line(), 'key-material      all, of 0 keys in memory, 0.0 MB')
  assert.match((await ask('set', '--in-memory', 'some')).stderr, /some/)
})

test('on an embedded store it is taken, and said to change nothing', async (t) => {
  const home = temporaryHome(t)
  await serve(home)
  await activate(client(t, home))
  const { stdout } = await run(['key-material', 'set', '--in-memory', 'all', '--home', home.root], ADMIN)
  assert.equal(
    stdout,
    'in-memory: all\nthis HSM:  read from the disk of this HSM, whatever is set: it is not on etcd\n',
  )
  assert.doesNotMatch((await run(['status', '--home', home.root])).stdout, /key-material/)
})
