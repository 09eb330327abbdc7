/** The pages whose commands are run by the tests, and what each takes for granted. */

/** An HSM with an admin, as pages begin that do not set one up themselves. */
const ACTIVE = `
strongroom start --detach --listen 127.0.0.1:0
cloudhsm-cli cluster activate --password 'first admin pw'
`
const USER = `
CLOUDHSM_ROLE=admin CLOUDHSM_PIN='admin:first admin pw' cloudhsm-cli user create --username alice --role crypto-user --password 'alice has one'
`
const KEY_FILE = `
export CLOUDHSM_ROLE=crypto-user CLOUDHSM_PIN='alice:alice has one'
cloudhsm-cli key generate-asymmetric-pair ec --curve secp256r1 --public-label p --private-label s
cloudhsm-cli key generate-file --encoding reference-pem --filter attr.label=s --path key.pem
`

type Page = {
  /** Commands of bash before the first one of the page. */
  readonly before: string
  /** Programs that the page needs besides ours. */
  readonly needs: readonly string[]
}

/** Pages about one machine, from the root of the project. */
export const PAGES: Readonly<Record<string, Page>> = {
  // The packages are there, or no test would run.
  'README.md': { before: 'npm() { [ "$1" = ci ] || command npm "$@"; }', needs: ['pkcs11-tool'] },
  'docs/BACKUP.md': { before: ACTIVE + USER, needs: [] },
  'docs/KEY-FILES.md': { before: ACTIVE + USER + KEY_FILE, needs: ['openssl'] },
  'docs/SECURITY-PROFILE.md': { before: ACTIVE, needs: [] },
  'docs/GUARANTEE.md': { before: '', needs: ['spin', 'gcc'] },
}

/** Pages about several machines. */
export const CLUSTER_PAGES = ['docs/CLUSTER.md', 'README.md'] as const

/** Pages with a test of their own: all of a folder, and the page that leads into it. */
export const FOLDERS = ['docs/cookbook/', 'docs/pkcs11/', 'docs/PKCS11.md'] as const
