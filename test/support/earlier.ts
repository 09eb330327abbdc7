/** Earlier versions of the program, from the history of the repository. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')

/** Whether the history goes back so far; a shallow clone's does not. */
export function hasRevision(revision: string): boolean {
  try {
    execFileSync('git', ['cat-file', '-e', `${revision}^{commit}`], { cwd: ROOT, stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** The tree of a revision, with the dependencies of the present one. */
export function treeOf(revision: string): { readonly program: string; remove(): void } {
  const tree = mkdtempSync(join(tmpdir(), 'strongroom-earlier-'))
  const archive = execFileSync('git', ['archive', revision], { cwd: ROOT, maxBuffer: 2 ** 28 })
  execFileSync('tar', ['-x', '-C', tree], { input: archive })
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'))
  return {
    program: join(tree, 'bin', 'strongroom'),
    remove: () => rmSync(tree, { recursive: true, force: true }),
  }
}
