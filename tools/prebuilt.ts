/**
 * Compiles the PKCS#11 module for the kinds of machines that the npm package is for, into `native/pkcs11/prebuilt/`: part of
 * `npm pack`. It takes clang, lld, make, readelf, and roots of Debian 12 that mmdebstrap extracts.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TARGETS, type Target } from './native/targets.ts'

const NATIVE = join(import.meta.dirname, '..', 'native', 'pkcs11')
const MODULE = 'libstrongroom_pkcs11.so'

function make({ compiler, tls, linkerOptions, libc }: Target, directory: string): void {
  const variables = {
    BUILD: directory,
    CC: compiler.join(' '),
    CFLAGS: `-O2 -ffunction-sections -fdata-sections -ffile-prefix-map=${NATIVE}=.`,
    LDFLAGS: [...linkerOptions, '-Wl,--gc-sections', '-Wl,--strip-all'].join(' '),
    LIBC: libc.join(' '),
    TLS: tls ? 'yes' : 'no',
  }
  const given = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  execFileSync('make', ['--silent', '--jobs=2', '-C', NATIVE, ...given], { stdio: 'inherit' })
}

rmSync(join(NATIVE, 'prebuilt'), { recursive: true, force: true })
for (const [name, target] of Object.entries(TARGETS)) {
  const scratch = mkdtempSync(join(tmpdir(), 'strongroom-prebuilt-'))
  try {
    make(target(scratch), scratch)
    mkdirSync(join(NATIVE, 'prebuilt', name), { recursive: true })
    copyFileSync(join(scratch, MODULE), join(NATIVE, 'prebuilt', name, MODULE))
  } finally {
    rmSync(scratch, { recursive: true })
  }
}
