/**
 * The client configuration file as it stands on disk, in the layout of CloudHSM's client.
 *
 * Only the shape is checked here, so that a file which cannot be used yet can still be edited. What other
 * writers put beside our members is kept.
 */
import { isAbsolute } from 'node:path'
import * as v from 'valibot'
import { isPort } from '../base/address.ts'
import { HsmError } from '../contract/errors.ts'

export const CONFIG_BYTES = 1024 * 1024
const CONFIG_LEVELS = 32

export const LOG_TYPES = ['term', 'file'] as const
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const
export const LOG_ROTATIONS = ['never', 'hourly', 'daily', 'weekly'] as const
export const RETRY_MODES = ['off', 'standard'] as const

const OBJECT = 'must be an object'
const text = v.pipe(
  v.string('must be text'),
  v.maxLength(4096, 'must have at most 4096 characters'),
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  v.regex(/^[^\u0000-\u001f\u007f]*$/, 'must have no control characters'),
)
const flag = v.boolean('must be true or false')
const clusterId = v.pipe(text, v.check(isClusterId, 'must have 1 to 128 letters, digits, ".", "_" or "-"'))
const oneOf = <const T extends readonly string[]>(words: T) =>
  v.picklist(words, `must be one of ${words.join(', ')}`)

const server = v.looseObject(
  {
    hostname: text,
    port: v.optional(v.pipe(v.number('must be a number'), v.check(isPort, 'must be from 1 to 65535'))),
    enable: v.optional(flag),
  },
  OBJECT,
)

/** Bytes of a label of a token (CK_TOKEN_INFO). */
const TOKEN_LABEL_BYTES = 32

/** Settings that are not CloudHSM's. Its client passes over them. */
const own = v.looseObject(
  {
    socket: v.optional(v.pipe(text, v.check(isAbsolute, 'must be an absolute path'))),
    token_label: v.optional(
      v.pipe(
        text,
        v.check((label) => {
          const bytes = Buffer.byteLength(label)
          return bytes >= 1 && bytes <= TOKEN_LABEL_BYTES
        }, `must have 1 to ${TOKEN_LABEL_BYTES} bytes`),
      ),
    ),
    gcm_iv_from_program: v.optional(flag),
  },
  OBJECT,
)

const cluster = v.looseObject(
  {
    cluster_id: v.optional(clusterId),
    hsm_ca_file: v.optional(text),
    servers: v.array(server, 'must be a list'),
    client_cert_hsm_tls_path: v.optional(text),
    client_key_hsm_tls_path: v.optional(text),
    // Of an older kind of connection, which no HSM here asks for.
    client_cert_path: v.optional(text),
    client_key_path: v.optional(text),
    options: v.optional(
      v.looseObject(
        {
          disable_key_availability_check: v.optional(flag),
          enable_ecdsa_with_weak_hash_function: v.optional(flag),
        },
        OBJECT,
      ),
    ),
    strongroom: v.optional(own),
  },
  OBJECT,
)

const logging = v.looseObject(
  {
    log_type: v.optional(oneOf(LOG_TYPES)),
    log_file: v.optional(text),
    log_level: v.optional(oneOf(LOG_LEVELS)),
    log_interval: v.optional(oneOf(LOG_ROTATIONS)),
  },
  OBJECT,
)

const document = v.looseObject(
  {
    clusters: v.array(
      v.looseObject({ type: v.optional(text), cluster_id: v.optional(clusterId), cluster }, OBJECT),
      'must be a list',
    ),
    logging: v.optional(logging),
  },
  OBJECT,
)

export type ConfigDocument = v.InferOutput<typeof document>
export type ClusterEntry = ConfigDocument['clusters'][number]
export type ServerEntry = ClusterEntry['cluster']['servers'][number]
export type OwnSettings = NonNullable<ClusterEntry['cluster']['strongroom']>

/** 1 to 128 letters, digits, `.`, `_` and `-`, the first of them a letter or digit. */
export function isClusterId(id: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(id)
}

/** The id stands beside `type` or inside `cluster`. */
export function clusterIdOf(entry: ClusterEntry): string | undefined {
  return entry.cluster_id ?? entry.cluster.cluster_id
}

/**
 * @param path of the file, for the message only
 * @throws HsmError `invalid-request` with one sentence naming the file and the member
 */
export function parseDocument(source: string, path: string): ConfigDocument {
  const value = parseJson(source, path)
  if (!isShallow(value, CONFIG_LEVELS)) throw configError(path, `nested deeper than ${CONFIG_LEVELS} levels`)
  const { success, issues } = v.safeParse(document, value, { abortEarly: true })
  if (!success) throw configError(path, explain(issues[0]))
  // The value itself and not valibot's copy: members unknown to the schema stay exactly as they were.
  const checked = value as ConfigDocument
  checkIds(checked, path)
  return checked
}

/** Ends with a line feed; the order of members is the document's own. */
export function renderConfig(config: ConfigDocument): string {
  return `${JSON.stringify(config, null, 2)}\n`
}

/** @param problem the rest of a sentence that begins with the file's path */
export function configError(path: string, problem: string): HsmError {
  return new HsmError('invalid-request', `${path}: ${problem}`)
}

function parseJson(source: string, path: string): unknown {
  if (source.length > CONFIG_BYTES) throw configError(path, `larger than ${CONFIG_BYTES} bytes`)
  try {
    return JSON.parse(source)
  } catch (error) {
    // The parser quotes the file in its message; only the place is taken from it.
    const place = /\(line \d+ column \d+\)/.exec(String(error))?.[0]
    throw configError(path, ['not valid JSON', place].filter(Boolean).join(' '))
  }
}

/** Indentation grows with the square of the depth: a deep file could not be written again. */
function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((member) => isShallow(member, levels - 1))
}

function explain(issue: v.BaseIssue<unknown>): string {
  const member = (issue.path ?? [])
    .map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '')
  if (member === '') return `the configuration ${issue.message}`
  return issue.received === 'undefined' ? `${member} is missing` : `${member} ${issue.message}`
}

function checkIds(config: ConfigDocument, path: string): void {
  const seen = new Map<string, number>()
  for (const [index, entry] of config.clusters.entries()) {
    const inner = entry.cluster.cluster_id
    if (entry.cluster_id !== undefined && inner !== undefined && inner !== entry.cluster_id) {
      throw configError(
        path,
        `clusters[${index}].cluster.cluster_id differs from clusters[${index}].cluster_id`,
      )
    }
    const id = clusterIdOf(entry)
    if (id === undefined) continue
    const first = seen.get(id)
    if (first !== undefined) {
      throw configError(path, `clusters[${index}].cluster_id is ${id}, which clusters[${first}] has already`)
    }
    seen.set(id, index)
  }
}
