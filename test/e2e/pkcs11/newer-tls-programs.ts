/** Programs of a newer Debian with its OpenSSL, for the page about OpenSSL's provider. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { shellWord } from '../../../src/base/shell-word.ts'
import { newerDebian } from './other-debians.ts'

const PROGRAMS = ['usr/bin/openssl', 'usr/bin/curl', 'usr/bin/stunnel4', 'usr/sbin/nginx', 'usr/sbin/apache2']

/** Where Apache's packages put its modules. */
export const APACHE_MODULES = '/usr/lib/apache2/modules'

export const newerApacheModules = (): string => newerDebian.path(APACHE_MODULES.slice(1))

/**
 * Makes the directory, with programs that run those of the newer system.
 *
 * @returns commands of a shell after which they are the first to be found, and find their provider
 */
export function newerTlsPrograms(directory: string): string {
  mkdirSync(directory)
  for (const path of PROGRAMS) {
    const program = join(directory, basename(path).replace('stunnel4', 'stunnel'))
    const words = newerDebian.command(newerDebian.path(path)).map(shellWord).join(' ')
    writeFileSync(program, `#!/bin/sh\nexec ${words} "$@"\n`)
    chmodSync(program, 0o755)
  }
  return [
    `export PATH=${shellWord(directory)}:"$PATH"`,
    `export OPENSSL_MODULES=${shellWord(newerDebian.path('usr/lib/*/ossl-modules'))}`,
  ].join('\n')
}
