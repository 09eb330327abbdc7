/** What the pages about one machine say, command by command as a reader types them. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readPage } from '../support/console-page.ts'
import { followPage } from '../support/page-shell.ts'
import { PAGES } from '../support/pages.ts'
import { needs } from './pkcs11/commands.ts'

const ROOT = join(import.meta.dirname, '..', '..')

for (const [page, { before, needs: programs }] of Object.entries(PAGES)) {
  test(page, needs(...programs), async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'strongroom-page-'))
    t.after(() => rmSync(directory, { recursive: true, force: true }))
    for (const name of ['bin', 'package.json', 'model-check']) {
      symlinkSync(join(ROOT, name), join(directory, name))
    }
    mkdirSync(join(directory, 'safe'))
    const steps = readPage(readFileSync(join(ROOT, page), 'utf8')).filter(({ machine }) => !machine)
    const here = (text: string) =>
      text
        .replace(/^((?:bin\/)?strongroom start --detach)$/m, '$1 --listen 127.0.0.1:0')
        .replaceAll('/srv/strongroom', join(directory, 'restored'))
        .replaceAll('/mnt/safe/master.key', join(directory, '.strongroom', 'data', 'master.key'))
    await followPage(
      page,
      steps.map((step) => ({ ...step, expected: step.expected.map(here) })),
      {
        directory,
        before: `{ :; ${before}\n} > /dev/null`,
        after: 'strongroom stop',
        elsewhere: here,
        env: { PATH: `${join(ROOT, 'bin')}:${process.env['PATH']}` },
      },
    )
  })
}
