import { fileURLToPath } from 'node:url';
import { runCommand } from '../../local/command.ts';
import { readLocalText } from '../../local/file.ts';
import type { CliContext } from '../context.ts';
import { printJson } from '../json.ts';
import { PACKAGE, VERSION } from '../version.ts';

/** `fleet --version --json` */
export async function version(context: CliContext): Promise<0> {
  const { env, cwd } = context.invoker;
  // ssh names itself on standard error.
  const firstLine = async (...argv: [string, string]): Promise<string | null> => {
    const asked = await runCommand(argv, { cwd, env, timeoutMs: 5000 });
    return (asked.ran && asked.code === 0 && `${asked.stdout}${asked.stderr}`.trim().split('\n')[0]) || null;
  };
  const [commit, ssh, rsync] = await Promise.all([built(), firstLine('ssh', '-V'), firstLine('rsync', '--version')]);
  printJson(context, { type: 'version', version: VERSION, commit, node: process.version, ssh, rsync, v: 1 });
  return 0;
}

/** Written when the package is built. */
const built = () =>
  readLocalText(fileURLToPath(new URL('dist/bin/commit', PACKAGE)), 100).then(
    (text) => text.trim(),
    () => null,
  );
