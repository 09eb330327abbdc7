import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import { openHttp2, openTls, post, postHttp2, readAll, STATUS, startServer } from './fixture.ts'

test('HTTP/1.1 and HTTP/2 carry the same operation on one port', async (t) => {
  const asked: unknown[] = []
  const { port } = await startServer(t, (operation, request, session) => {
    asked.push([operation, request, session])
    return STATUS
  })
  const sent = { headers: { authorization: 'Bearer abc-_.~+/=' }, body: '{"a":[1]}' }
  const session = await openHttp2(t, port)
  for (const got of [await post(port, sent), await postHttp2(session, sent)]) {
    assert.equal(got.status, 200)
    assert.deepEqual(got.body, STATUS)
    assert.equal(got.headers['content-type'], 'application/json')
    assert.equal(got.headers['cache-control'], 'no-store')
    assert.equal(got.headers['content-length'], String(JSON.stringify(STATUS).length))
  }
  const call = ['cluster.status', { a: [1] }, 'abc-_.~+/=']
  assert.deepEqual(asked, [call, call])
})

test('nothing older than TLS 1.3 is spoken', async (t) => {
  const { port } = await startServer(t)
  await assert.rejects(post(port, {}, { maxVersion: 'TLSv1.2' }), /alert protocol version/)
})

test('a refusal has the status and the text of its code', async (t) => {
  const { port } = await startServer(t, () => {
    throw new HsmError('user-exists', 'User alice already exists')
  })
  const { status, body } = await post(port)
  assert.equal(status, 409)
  assert.deepEqual(body, { code: 'user-exists', message: 'User alice already exists' })
})

test('an unforeseen failure shows an incident number and nothing else', async (t) => {
  const failure = new TypeError('the secret is 42')
  const { port, log } = await startServer(t, () => {
    throw failure
  })
  const { status, body } = await post(port)
  assert.equal(status, 500)
  assert.deepEqual(Object.keys(body), ['code', 'message'])
  assert.equal(body['code'], 'internal')
  const incident = /^Internal error, incident ([0-9a-f-]{36}) in the log of the HSM$/.exec(
    String(body['message']),
  )?.[1]
  const line = log.find(({ level }) => level === 'error')
  assert.deepEqual(line?.fields, { incident, operation: 'cluster.status', err: failure })
})

test('a reply that cannot be written is an unforeseen failure, too', async (t) => {
  const { port } = await startServer(t, () => ({ count: 1n }))
  assert.equal((await post(port)).status, 500)
})

test('only operations of the table have a path', async (t) => {
  const { port } = await startServer(t)
  const paths = ['/', '/v1', '/v1/', '/v1/nope', '/v1/cluster.status/', '/v1/cluster.status?x=1', '/v1/toString', '/v1/__proto__', '/v2/cluster.status', '/v1/CLUSTER.STATUS', '//v1/cluster.status', '*'] // biome-ignore format: one list
  for (const path of paths) {
    const { status, body } = await post(port, { path })
    assert.equal(status, 404, path)
    assert.deepEqual(body, { code: 'unknown-operation', message: 'There is no such operation' })
  }
})

test('any method but POST is refused', async (t) => {
  const { port } = await startServer(t)
  for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    const { status, headers, body } = await post(port, { method, body: '' })
    assert.deepEqual([status, headers['allow'], body['code']], [405, 'POST', 'invalid-request'])
  }
})

test('the content type must be JSON', async (t) => {
  const { port } = await startServer(t)
  for (const type of ['text/plain', '', 'application/jsonx', 'application/json; charset=latin1']) {
    const { status, body } = await post(port, { headers: { 'content-type': type } })
    assert.equal(status, 400, type)
    assert.equal(body['message'], 'The content-type must be application/json')
  }
  for (const type of ['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"']) {
    assert.equal((await post(port, { headers: { 'content-type': type } })).status, 200, type)
  }
})

test('what is presented as a session must look like one', async (t) => {
  const { port } = await startServer(t)
  for (const authorization of [
    'Basic YTpi',
    'Bearer',
    'Bearer a b',
    'Bearer é',
    `Bearer ${'a'.repeat(300)}`,
  ]) {
    const { status, body } = await post(port, { headers: { authorization } })
    assert.deepEqual([status, body['code']], [401, 'not-logged-in'], authorization)
  }
  const { status } = await post(port, { headers: { 'strongroom-session': 'forever' } })
  assert.equal(status, 400)
})

const tooDeep = `{"a":${'['.repeat(40)}${']'.repeat(40)}}`
const bodies: readonly (readonly [string, string | Uint8Array, string])[] = [
  ['nothing', '', 'is not JSON'],
  ['words', 'hello', 'is not JSON'],
  ['two objects', '{}{}', 'is not JSON'],
  ['an open string', '{"a":"', 'is not JSON'],
  ['an open string that ends in a backslash', '{"a":"\\', 'is not JSON'],
  ['a byte order mark', '\ufeff{}', 'is not JSON'],
  ['a list', '[]', 'must be a JSON object'],
  ['null', 'null', 'must be a JSON object'],
  ['a number', '12', 'must be a JSON object'],
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'is not UTF-8 text'],
  ['an overlong encoding', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 'is not UTF-8 text'],
  ['a prototype', '{"__proto__":{"admin":true}}', 'has a member named __proto__'],
  ['a prototype further in', '{"a":[{"__proto__":1}]}', 'has a member named __proto__'],
  ['a prototype in disguise', '{"\\u005f_proto__":1}', 'has a member named __proto__'],
  ['lists in lists', tooDeep, 'is nested more than 32 levels deep'],
  ['half a million brackets', '['.repeat(500_000), 'is nested more than 32 levels deep'],
  ['half a million numbers', `{"a":[${'1,'.repeat(500_000)}1]}`, 'has more than 16384 values'],
  ['many empty lists', `{"a":[${'[],'.repeat(10_000)}1]}`, 'has more than 16384 values'],
]
for (const [what, body, problem] of bodies) {
  test(`a body of ${what} is refused`, async (t) => {
    const { port } = await startServer(t, () => assert.fail('the HSM must not be asked'))
    const got = await post(port, { body })
    assert.equal(got.status, 400)
    assert.deepEqual(got.body, { code: 'invalid-request', message: `The request body ${problem}` })
  })
}

test('brackets and quotes within strings are not nesting, and 10,000 terms pass', async (t) => {
  const { port } = await startServer(t, (_operation, request) => request)
  const request = { filter: Array(10_000).fill('attr.label=x'), text: `\\"${'[{'.repeat(100)}"` }
  assert.deepEqual((await post(port, { body: JSON.stringify(request) })).body, request)
})

test('pipelined requests are answered in order', async (t) => {
  const { port } = await startServer(t, (_operation, request) => request)
  const socket = await openTls(t, port)
  const head = (length: number, more = '') =>
    `POST /v1/key.list HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n${more}\r\n`
  socket.write(`${head(7)}{"n":1}${head(7)}{"n":2}${head(7, 'connection: close\r\n')}{"n":3}`)
  const answers = (await readAll(socket)).match(/\{"n":\d\}/g)
  assert.deepEqual(answers, ['{"n":1}', '{"n":2}', '{"n":3}'])
})

test('what is not HTTP gets an answer in JSON', async (t) => {
  const { port } = await startServer(t)
  const socket = await openTls(t, port)
  socket.write('MAKE ME A SANDWICH\r\n\r\n')
  assert.match(
    await readAll(socket),
    /^HTTP\/1.1 400 [\s\S]*\r\n\r\n\{"code":"invalid-request","message":"The request is not HTTP"\}$/,
  )
})

test('a log line of a refusal says what was asked and how it ended, and no secret', async (t) => {
  const { port, log } = await startServer(t, () => ({ token: 'TOPSECRET-1' }))
  await post(port, { headers: { authorization: 'Bearer TOPSECRET-2' }, body: '{"password":"TOPSECRET-3"}' })
  await post(port, { path: '/v1/TOPSECRET-4', body: '{"password":"TOPSECRET-5"' })
  await post(port, { body: '{"password":"TOPSECRET-6"' })
  const lines = log.map(({ level, fields }) => {
    const { ms, ...rest } = fields as { ms: number }
    assert.ok(ms >= 0)
    return { level, ...rest }
  })
  const remote = '127.0.0.1'
  assert.deepEqual(lines, [
    { level: 'info', operation: undefined, outcome: 'unknown-operation', remote },
    { level: 'info', operation: 'cluster.status', outcome: 'invalid-request', remote },
  ])
})
