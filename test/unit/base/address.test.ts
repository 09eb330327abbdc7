import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseAddress } from '../../../src/base/address.ts'

suite('address of an HSM', () => {
  const good: Readonly<Record<string, [string, number]>> = {
    '10.0.7.21': ['10.0.7.21', 2223],
    '10.0.7.21:2224': ['10.0.7.21', 2224],
    'hsm-1.example': ['hsm-1.example', 2223],
    'localhost:65535': ['localhost', 65_535],
    '::1': ['::1', 2223],
    'fd00::7:2223': ['fd00::7:2223', 2223],
    '[fd00::7]': ['fd00::7', 2223],
    '[fd00::7]:1': ['fd00::7', 1],
  }
  for (const [text, [hostname, port]] of Object.entries(good)) {
    test(`${text} is ${hostname}, port ${port}`, () =>
      assert.deepEqual(parseAddress(text), { hostname, port }))
  }

  const bad = [
    '',
    ':2223',
    'host:',
    'host:0',
    'host:65536',
    'host:1e3',
    'host:-1',
    'a:b:c',
    '10.0.0.256',
    '10.0.0',
    '[10.0.0.1]:1',
    '[host]',
    '[::1',
    '::1]',
    'two words',
    'a..b',
    '-a',
    'a-',
    '%%HSM_IP_ADDRESS%%',
    'https://host',
    'host/path',
    'a\0b',
    'ü',
    `${'a'.repeat(64)}.b`,
    `${'a.'.repeat(127)}ab`,
  ]
  for (const text of bad) {
    test(`${JSON.stringify(text.slice(0, 40))} is none`, () => assert.equal(parseAddress(text), undefined))
  }
})
