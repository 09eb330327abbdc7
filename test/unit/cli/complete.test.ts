import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { complete, type Known } from '../../../src/cli/complete.ts'
import { SHELL_TREE } from '../../../src/cli/tree.ts'

const KNOWN: Known = {
  usernames: async () => ['admin', 'alice', 'bob'],
  labels: async () => ['pay roll', 'ledger'],
}

const at = (line: string) => {
  const words = line.split(' ')
  return complete(SHELL_TREE, words.slice(0, -1), words.at(-1) ?? '', KNOWN)
}

const BULK = ['--all-matching', '--dry-run', '--label-glob', '--owner', '--shared-with']

suite('completion', () => {
  const cases: readonly [string, readonly string[]][] = [
    ['', ['cluster', 'crypto', 'key', 'login', 'logout', 'quit', 'user', 'help']],
    ['lo', ['login', 'logout']],
    ['key ge', ['generate-file', 'generate-asymmetric-pair', 'generate-symmetric']],
    ['help key un', ['unshare', 'unwrap']],
    ['help ', ['cluster', 'crypto', 'key', 'login', 'logout', 'quit', 'user']],
    ['nonsense ', []],
    ['key unshare ', ['--cluster-id', '--filter', '--username', '--role', ...BULK, '--help']],
    ['key unshare --username bob --f', ['--filter']],
    ['key unshare --username bob --role=admin ', ['--cluster-id', '--filter', ...BULK, '--help']],
    ['key unshare --owner a', ['admin', 'alice']],
    ['key list --shared-with=b', ['--shared-with=bob']],
    ['key delete --all-matching --label-glob ', []],
    ['key unshare --role ', ['crypto-user', 'admin']],
    ['key unshare --role cr', ['crypto-user']],
    ['key unshare --role=a', ['--role=admin']],
    ['key unshare --username a', ['admin', 'alice']],
    ['key unshare --username=b', ['--username=bob']],
    ['key unshare --filter k', ['key-reference=']],
    ['key unshare --filter attr.la', ['attr.label=']],
    ['key unshare --filter attr.label=', ['attr.label=pay roll', 'attr.label=ledger']],
    ['key unshare --filter key-reference=0x1 attr.label=l', ['attr.label=ledger']],
    ['key unshare --filter attr.class=p', ['attr.class=public-key', 'attr.class=private-key']],
    ['key unshare --filter attr.sign=', ['attr.sign=true', 'attr.sign=false']],
    ['key unshare --filter attr.nope=', []],
    ['key unshare --filter attr.label=x --u', ['--username']],
    ['key list --filter=attr.label=l', ['--filter=attr.label=ledger']],
    ['key set-attribute --name lab', ['label']],
    ['key generate-asymmetric-pair ec --curve secp2', ['secp256r1', 'secp224r1', 'secp256k1']],
    ['key generate-asymmetric-pair ec --share-crypto-users alice b', ['bob']],
    ['crypto sign ecdsa --hash-function sha5', ['sha512']],
    ['key list --starting-token ', []],
    ['key list -v --v', []],
  ]
  for (const [line, expected] of cases) {
    test(JSON.stringify(line), async () => assert.deepEqual(await at(line), expected))
  }
})
