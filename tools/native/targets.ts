/** What the PKCS#11 module is compiled with for other machines than this one. */
import { execFileSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { debianRoot } from './debian-root.ts'
import { oldLibc } from './old-libc.ts'

export type Target = {
  /** Words that compile for the machine. */
  readonly compiler: readonly string[]
  /** Whether there is an OpenSSL for it. */
  readonly tls: boolean
  readonly linkerOptions: readonly string[]
  /** Behind all objects. */
  readonly libc: readonly string[]
}

type Machine = { readonly root: string; readonly name: 'x86_64' | 'aarch64' }

const LINKER = '-fuse-ld=lld'
const FILE_STATUS = join(import.meta.dirname, '..', '..', 'native', 'pkcs11', 'portable', 'file_status.c')

const only = (root: string, pattern: string): string => {
  const [found] = globSync(pattern, { cwd: root })
  if (found === undefined) throw new Error(`${root} has no ${pattern}`)
  return join(root, found)
}

const clang = ({ root, name }: Machine, libc: 'gnu' | 'musl'): readonly string[] => [
  'clang',
  '-Wno-unused-command-line-argument',
  `--target=${name}-linux-${libc}`,
  `--sysroot=${root}`,
]

/** For glibc from 2.28 on. */
function glibc(machine: Machine, scratch: string): Target {
  const compiler = clang(machine, 'gnu')
  const file = (pattern: string) => only(machine.root, pattern.replace('*', `${machine.name}-linux-gnu`))
  const old = oldLibc(
    [...compiler, LINKER],
    { libc: file('lib/*/libc.so.6'), loader: file('lib/*/ld-linux-*.so.*') },
    scratch,
  )
  const status = join(scratch, 'file_status.o')
  const [program = '', ...words] = compiler
  execFileSync(program, [...words, '-O2', '-fPIC', '-fvisibility=hidden', '-c', '-o', status, FILE_STATUS])
  return {
    compiler,
    tls: true,
    linkerOptions: [LINKER, '-nodefaultlibs'],
    libc: [status, '-Wl,--as-needed', ...old, file('usr/lib/*/libc_nonshared.a'), '-lgcc'],
  }
}

function musl(machine: Machine): Target {
  const file = (pattern: string) => only(machine.root, pattern.replace('*', `${machine.name}-linux-musl`))
  return {
    compiler: [...clang(machine, 'musl'), '-nostdlibinc', '-isystem', file('usr/include/*')],
    // Debian's OpenSSL was compiled for glibc.
    tls: false,
    linkerOptions: [LINKER, '-nodefaultlibs', '-nostartfiles'],
    // It has no name of its own: found by this one it is needed by this one.
    libc: [`-L${dirname(file('lib/*/libc.so'))}`, '-lc'],
  }
}

const x64 = (): Machine => ({ root: debianRoot('amd64'), name: 'x86_64' })
const arm64 = (): Machine => ({ root: debianRoot('arm64'), name: 'aarch64' })

/** By kind of machine, as directories of `prebuilt/` are named. Each may write to the directory that it is given. */
export const TARGETS: Readonly<Record<string, (scratch: string) => Target>> = {
  'linux-x64-glibc': (scratch) => glibc(x64(), scratch),
  'linux-x64-musl': () => musl(x64()),
  'linux-arm64-glibc': (scratch) => glibc(arm64(), scratch),
}
