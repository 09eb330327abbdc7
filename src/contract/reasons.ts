/** Why the operating system refused something, and what helps, in words. */

type Refusal = { readonly reason: string; readonly advice?: string }

const REFUSALS: Readonly<Record<string, Refusal>> = {
  ENOENT: { reason: 'no such file or directory' },
  EEXIST: { reason: 'a part of the path is not a directory' },
  EACCES: {
    reason: 'permission is denied',
    advice: 'check its owner and mode, and those of its directories',
  },
  EPERM: { reason: 'permission is denied', advice: 'check its owner and mode, and those of its directories' },
  EISDIR: { reason: 'it is a directory' },
  ENOTDIR: { reason: 'a part of the path is not a directory' },
  ENOSPC: { reason: 'the disk is full', advice: 'make room on it' },
  EDQUOT: { reason: 'the quota of the disk is used up', advice: 'make room in it' },
  EROFS: { reason: 'the file system is read-only', advice: 'mount it for writing' },
  EMFILE: { reason: 'this process has too many files open', advice: 'raise its limit (ulimit -n)' },
  ENFILE: { reason: 'the machine has too many files open', advice: 'raise its limit (fs.file-max)' },
  EIO: { reason: 'the disk reports an error', advice: 'look at the log of the kernel' },
  ELOOP: { reason: 'its symbolic links go round in a circle' },
  ENAMETOOLONG: { reason: 'the path is too long' },
  ERR_INVALID_ARG_VALUE: { reason: 'the path is not valid' },
}

/** For the end of a sentence. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error)
  return code === undefined ? String(error) : (REFUSALS[code]?.reason ?? code)
}

/** The same, and what helps where that can be said; for the end of a text. */
export function reasonAndAdvice(error: unknown): string {
  const { advice } = REFUSALS[codeOf(error) ?? ''] ?? {}
  return advice === undefined ? reasonOf(error) : `${reasonOf(error)}; ${advice}`
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
