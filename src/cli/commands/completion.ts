import { completionScript } from '../complete/scripts.ts';
import type { CliContext } from '../context.ts';

/** `fleet completion`: prints a script that the shell reads; what it offers is asked from fleet at every TAB. */
export async function completion(shell: string, context: CliContext): Promise<0> {
  context.stdout.write(await completionScript(shell));
  return 0;
}
