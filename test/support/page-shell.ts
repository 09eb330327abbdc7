/** A shell in which the commands of a page are run one after another, as somebody types them. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { isAsPrinted, type Step } from './console-page.ts'

export type PageShell = {
  /** Empty, but for what the page takes for granted; the home of whoever types. */
  readonly directory: string
  /** Commands of bash before the first one of the page. */
  readonly before?: string
  /** Commands of bash after the last one, however it went. */
  readonly after?: string
  /** What is another on this machine: ports, addresses, paths. */
  readonly elsewhere?: (command: string) => string
  readonly env?: NodeJS.ProcessEnv
}

type Ran = { readonly printed: string; readonly exit: number }

/** Ends what a command printed; its exit status follows. */
const MARK = '\u0001'

/** @param page its name. Fails at the first command that does not do what the page says. */
export async function followPage(page: string, steps: readonly Step[], shell: PageShell): Promise<void> {
  const ran = await run(steps, shell)
  for (const [at, { line, command, expected }] of steps.entries()) {
    const { printed, exit } = ran[at] ?? { printed: 'The shell has ended', exit: undefined }
    const told = `${page}:${line}: ${command}\n${printed}(exit status ${exit})`
    const isRefusal = expected.some((text) => text.includes('"error_code": 1'))
    assert.equal(exit, isRefusal ? 1 : 0, told)
    if (expected.length > 0 && !isAsPrinted(expected, printed))
      assert.equal(printed, expected.join('\n'), told)
  }
}

async function run(steps: readonly Step[], shell: PageShell): Promise<readonly Ran[]> {
  const { directory, before = '', after = '', elsewhere = (command) => command, env } = shell
  const script = [
    'exec 2>&1',
    `trap '{ ${after || ':'}; kill $(jobs -p); } > /dev/null 2>&1' EXIT`,
    before,
    ...steps.flatMap(({ machine, command, input }) => [
      machine === undefined ? '' : `at ${machine}`,
      `${elsewhere(typed(command, input))}\nprintf '${MARK}%s\\n' $?`,
    ]),
  ].join('\n')
  const path = join(directory, '.script')
  writeFileSync(path, script)
  const bash = spawn('bash', [path], {
    cwd: directory,
    env: { PATH: process.env['PATH'], HOME: directory, LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return readRan(await text(bash.stdout))
}

const typed = (command: string, input: readonly string[]): string =>
  input.length === 0 ? command : `${command} <<'TYPED'\n${input.join('\n')}\nTYPED`

const readRan = (output: string): readonly Ran[] =>
  [...output.matchAll(new RegExp(`([^${MARK}]*)${MARK}(\\d+)\\n`, 'g'))].map(([, printed = '', exit]) => ({
    printed,
    exit: Number(exit),
  }))
