/** The text as one word of a POSIX shell (XCU §2.2.2), in quotes only where it needs them. */
export const shellWord = (text: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
