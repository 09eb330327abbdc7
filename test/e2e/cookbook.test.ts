/**
 * The pages of `docs/cookbook/`, command by command as a reader types them: each begins with an HSM as the first page
 * sets it up, in an empty home. What a page says is printed must be printed.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { readPage, type Step } from '../support/console-page.ts'
import { freePort } from '../support/free-port.ts'
import { followPage } from '../support/page-shell.ts'
import { ENGINE } from './pkcs11/certificates.ts'
import { needs } from './pkcs11/commands.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const FOLDER = join(ROOT, 'docs', 'cookbook')
const FIRST = 'README.md'

const pageOf = (name: string): readonly Step[] => readPage(readFileSync(join(FOLDER, name), 'utf8'))

suite('the cookbook', needs('openssl', ENGINE), () => {
  const beginning = pageOf(FIRST)
  for (const name of readdirSync(FOLDER).sort()) {
    test(name, async (t) => {
      const directory = mkdtempSync(join(tmpdir(), 'strongroom-cookbook-'))
      t.after(() => rmSync(directory, { recursive: true, force: true }))
      symlinkSync(join(ROOT, 'bin'), join(directory, 'bin'))
      const port = await freePort()
      await followPage(name, name === FIRST ? beginning : [...beginning, ...pageOf(name)], {
        directory,
        after: 'bin/strongroom stop; bin/strongroom stop --home clone',
        elsewhere: (command) => elsewhere(command, port),
      })
    })
  }
})

/** Tests run side by side. */
const elsewhere = (command: string, port: number): string =>
  command
    .replace(/^strongroom start --detach$/m, '$& --listen 127.0.0.1:0')
    .replaceAll(/127\.0\.0\.1:(?:8443|2224)/g, `127.0.0.1:${port}`)
