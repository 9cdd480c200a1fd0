/** A command as people read it. */
export const commandLine = (argv: readonly string[]): string =>
  argv.map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
