/**
 * Reading a million records, by `model/shape.ts` and by valibot: what a start without a snapshot takes for checking them.
 * Both are given what `JSON.parse` made of the same 10,000 keys, a hundred times over, in alternating runs,
 * each in a process of its own.
 */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import * as v from 'valibot'
import { CURVE_NAMES, ML_DSA_ALGORITHMS } from '../src/contract/algorithms.ts'
import { FLAG_NAMES, KEY_CLASSES, KEY_TYPES } from '../src/contract/attributes.ts'
import { SHAPES } from '../src/model/record-shapes.ts'

const RECORDS = 1_000_000
const DISTINCT = 10_000
const ROUNDS = 5

const hex = (bytes: number) => `0x${randomBytes(bytes).toString('hex')}`

/** As often as programs have them: EC and AES above all, some RSA; one in four is shared. */
function key(at: number): object {
  const kind = (['ec', 'ec', 'aes', 'rsa'] as const)[at % 4]
  return {
    kind: 'key',
    id: `0x${at.toString(16).padStart(16, '0')}`,
    owner: `user-${at % 50}`,
    sharedWith: at % 4 === 0 ? ['user-51', 'user-52', 'user-53'] : [],
    keyType: kind,
    keyClass: kind === 'aes' ? 'secret-key' : 'private-key',
    label: `payments/service-${at}`,
    idAttribute: hex(8),
    flags: Object.fromEntries(FLAG_NAMES.map((name, flag) => [name, (at + flag) % 3 === 0])),
    checkValue: hex(3),
    keyLengthBytes: kind === 'rsa' ? 1217 : 32,
    ...(kind === 'rsa' && { rsa: { publicExponent: '0x010001', modulus: hex(256), modulusSizeBits: 2048 } }),
    ...(kind === 'ec' && { ec: { ecPoint: hex(67), curve: Object.values(CURVE_NAMES)[0] } }),
    madeUnderPolicy: false,
    material: randomBytes(kind === 'rsa' ? 1250 : 170).toString('base64'),
  }
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const template = v.optional(
  v.strictObject(Object.fromEntries(FLAG_NAMES.map((name) => [name, v.optional(v.boolean())]))),
)
const keySchema = v.looseObject({
  kind: v.literal('key'),
  id: v.string(),
  owner: v.string(),
  sharedWith: v.array(v.string()),
  keyType: v.picklist(KEY_TYPES),
  keyClass: v.picklist(KEY_CLASSES),
  label: v.string(),
  idAttribute: v.string(),
  subject: v.optional(v.string()),
  flags: v.strictObject(Object.fromEntries(FLAG_NAMES.map((name) => [name, v.boolean()]))),
  wrapTemplate: template,
  unwrapTemplate: template,
  checkValue: v.optional(v.string()),
  keyLengthBytes: count,
  rsa: v.optional(v.looseObject({ publicExponent: v.string(), modulus: v.string(), modulusSizeBits: count })),
  ec: v.optional(v.looseObject({ ecPoint: v.string(), curve: v.picklist(Object.values(CURVE_NAMES)) })),
  mlDsa: v.optional(v.looseObject({ algorithm: v.picklist(ML_DSA_ALGORITHMS) })),
  madeUnderPolicy: v.boolean(),
  material: v.string(),
})

const texts = Array.from({ length: DISTINCT }, (_, at) => JSON.stringify(key(at)))
const contenders = {
  'model/shape.ts': SHAPES.key,
  valibot: v.parser(keySchema),
  /** For scale: what comes before either. */
  'JSON.parse': (_value: unknown, text: string) => JSON.parse(text),
} satisfies Record<string, (value: unknown, text: string) => unknown>

/** @returns seconds of the processor, which other work on the machine does not lengthen */
function run(read: (value: unknown, text: string) => unknown): number {
  const values: unknown[] = texts.map((text) => JSON.parse(text))
  const before = process.cpuUsage()
  for (let done = 0; done < RECORDS; done += DISTINCT) {
    for (const [at, value] of values.entries()) read(value, texts[at] ?? '')
  }
  return process.cpuUsage(before).user / 1e6
}

const [, script = '', chosen] = process.argv
const names = Object.keys(contenders) as (keyof typeof contenders)[]
const own = names.find((name) => name === chosen)
if (own) console.log(run(contenders[own]))
else {
  const seconds = names.map((): number[] => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, name] of names.entries()) {
      const { stdout } = spawnSync(process.execPath, [script, name], { encoding: 'utf8' })
      seconds[at]?.push(Number(stdout))
    }
  }
  for (const [at, name] of names.entries()) {
    const sorted = seconds[at]?.toSorted((a, b) => a - b) ?? []
    const all = sorted.map((one) => one.toFixed(2)).join(' ')
    console.log(
      `${name.padEnd(16)} ${sorted[Math.floor(ROUNDS / 2)]?.toFixed(2)} s for ${RECORDS} keys (${all})`,
    )
  }
}
