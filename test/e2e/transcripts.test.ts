/** Runs the transcripts: what stands after the prompt is typed, what follows must be printed. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { startOptions } from '../../src/administration/start-options.ts'
import type { StartOptions } from '../../src/administration/start-plan.ts'
import { administrationTree } from '../../src/administration/tree.ts'
import { parse } from '../../src/cli/parse.ts'
import type { Hsm } from '../../src/contract/hsm.ts'
import { shellOn, type TestShell, testShell } from '../support/cli.ts'
import { clones } from '../support/clones.ts'
import { testEngine } from '../support/engine.ts'

const PROMPT = 'aws-cloudhsm > '
const FOLDER = join(import.meta.dirname, 'transcripts')

/** What may stand for text that varies, as `{hex}`; with a name, as `{hex:modulus}`, it is the same everywhere. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  reference: '0x[0-9a-f]{16}',
  hex: '0x(?:[0-9a-f]{2})+',
  number: '[0-9]+',
  base64: '[A-Za-z0-9+/]+={0,2}',
}

type Step = { readonly line: number; readonly command: string; readonly expected: string }

suite('transcripts', () => {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-transcripts-'))
  writeFileSync(join(directory, 'message.txt'), 'the quick brown fox')
  after(() => rmSync(directory, { recursive: true }))

  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.txt'))) {
    test(file, async () => {
      const source = readFileSync(join(FOLDER, file), 'utf8')
      const engine = await testEngine(await foundedAs(source))
      const shell = testShell(engine)
      const known = new Map([['dir', directory]])
      await play(file, source, shell, known)
      await engine.close()
    })
  }

  test('between clones', async () => {
    const { a, b } = await clones()
    const hsms: Readonly<Record<string, Hsm>> = { 'cluster-test2345abc': a.hsm, 'cluster-clone': b.hsm }
    const shell = shellOn({
      ids: () => Object.keys(hsms),
      connect: async (id) => ({ hsm: hsms[id] ?? a.hsm, close: () => undefined }),
    })
    const file = join('clones', 'replicate.txt')
    await play(file, readFileSync(join(FOLDER, file), 'utf8'), shell, new Map())
  })
})

async function play(file: string, source: string, shell: TestShell, known: Map<string, string>) {
  const steps = parseTranscript(source)
  assert.ok(steps.length > 0)
  for (const { line, command, expected } of steps) {
    const { text } = await shell.run(filledIn(command, known))
    assertMatches(text, expected, known, `${file}:${line}`)
  }
}

/** A line before the first prompt may say how the HSM was started. */
async function foundedAs(source: string): Promise<Pick<StartOptions, 'profile'>> {
  const [words = 'strongroom start'] = /^strongroom start .+$/m.exec(source) ?? []
  const parsed = await parse(administrationTree(''), words.split(' ').slice(1))
  assert.ok(parsed.kind === 'command', words)
  const { profile } = startOptions(parsed.args as Parameters<typeof startOptions>[0])
  return profile ? { profile } : {}
}

/** Other lines before the first prompt are for the reader. */
function parseTranscript(source: string): readonly Step[] {
  const lines = source.split('\n')
  const starts = lines.flatMap((line, at) => (line.startsWith(PROMPT) ? [at] : []))
  return starts.map((start, index) => {
    const block = lines.slice(start, starts[index + 1])
    const length = 1 + block.findIndex((line) => !line.endsWith('\\'))
    return {
      line: start + 1,
      command: block.slice(0, length).join('\n').slice(PROMPT.length),
      expected: block.slice(length).join('\n').trimEnd(),
    }
  })
}

function filledIn(command: string, known: ReadonlyMap<string, string>): string {
  return command.replace(/\{(?:\w+:)?(\w+)\}/g, (whole, name: string) => known.get(name) ?? whole)
}

function assertMatches(actual: string, expected: string, known: Map<string, string>, where: string): void {
  const names: string[] = []
  const pattern = expected.split(/(\{\w+(?::\w+)?\})/).map((part, at) => {
    const [, kind = '', name] = at % 2 === 1 ? (/^\{(\w+)(?::(\w+))?\}$/.exec(part) ?? []) : []
    const value = known.get(name ?? kind)
    if (value !== undefined) return escaped(value)
    if (!Object.hasOwn(PLACEHOLDERS, kind)) return escaped(part)
    if (name === undefined) return PLACEHOLDERS[kind]
    if (names.includes(name)) return `\\k<${name}>`
    names.push(name)
    return `(?<${name}>${PLACEHOLDERS[kind]})`
  })
  const found = new RegExp(`^${pattern.join('')}$`).exec(actual.trimEnd())
  if (!found) assert.equal(actual.trimEnd(), expected, where)
  for (const name of names) known.set(name, found?.groups?.[name] ?? '')
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
