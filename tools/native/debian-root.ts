/** The files of Debian 12 for one architecture, extracted from the mirror of this machine: nothing is installed. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** C library, OpenSSL's static libraries and what a compiler needs. */
const PACKAGES = ['libc6-dev', 'libgcc-12-dev', 'libssl-dev', 'musl-dev']
const SUITES: Readonly<Record<string, readonly string[]>> = {
  Debian: ['bookworm', 'bookworm-updates'],
  'Debian-Security': ['bookworm-security'],
}
/** Then it is made anew: security updates of OpenSSL come that way. */
const DAYS = 7

/** Lines of sources.list. */
function sources(): readonly string[] {
  const format = '$(LABEL) $(REPO_URI)'
  const listed = execFileSync('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], {
    encoding: 'utf8',
  })
  return [...new Set(listed.split('\n'))].flatMap((line) => {
    const [label = '', uri] = line.split(' ')
    return (SUITES[label] ?? []).map((suite) => `deb ${uri} ${suite} main`)
  })
}

/** @returns path of the root, made when there is none of this week */
export function debianRoot(architecture: 'amd64' | 'arm64'): string {
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'strongroom')
  const root = join(cache, `bookworm-${architecture}`)
  if (existsSync(root) && Date.now() - statSync(root).mtimeMs < DAYS * 86_400_000) return root
  mkdirSync(cache, { recursive: true })
  const extracted = mkdtempSync(join(cache, 'new-'))
  try {
    const how = ['--quiet', '--mode=chrootless', '--variant=extract', '--format=directory']
    const what = [`--architectures=${architecture}`, `--include=${PACKAGES.join()}`]
    execFileSync('mmdebstrap', [...how, ...what, 'bookworm', join(extracted, 'root'), ...sources()], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    rmSync(root, { recursive: true, force: true })
    renameSync(join(extracted, 'root'), root)
  } finally {
    rmSync(extracted, { recursive: true })
  }
  return root
}
