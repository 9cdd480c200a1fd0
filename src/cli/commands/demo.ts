import { freePort } from '../../demo/port.ts';
import { writeDemoProject } from '../../demo/project.ts';
import { startDemoHost } from '../../demo/server.ts';
import { INTERRUPTED } from '../../library/exit-code.ts';
import type { CliContext, HostFlags } from '../context.ts';
import { deploy } from './deploy.ts';
import { health } from './health.ts';
import { rollback } from './rollback.ts';

/** `fleet demo`: the real engine on an embedded host; every step says what it shows and must end as foretold. */
export async function demo({ verbose = false }: { readonly verbose?: boolean }, context: CliContext): Promise<number> {
  context.begin();
  await using host = await startDemoHost();
  const project = await writeDemoProject(host, await freePort(), context.execPath);
  const flags: HostFlags = { C: project.folder, host: [], group: [], app: [], all: true, parallel: 1, verbose };
  const say = (text: string) => context.stdout.write(`\n== ${text}\n`);
  const steps: readonly { readonly say: string; readonly expect: number; readonly run: () => Promise<number> }[] = [
    { say: 'deploy version 1 to an empty host', expect: 0, run: () => deploy(flags, context) },
    { say: 'health: the services and the checks of the playbook', expect: 0, run: () => health(flags, context) },
    {
      say: 'deploy the same again: one connection, one command, nothing to do',
      expect: 0,
      run: () => deploy(flags, context),
    },
    {
      say: 'deploy a version 2 that starts but answers 500: the host must go back by itself (exit code 1)',
      expect: 1,
      run: async () => {
        await project.brokenVersion();
        return deploy(flags, context);
      },
    },
    {
      say: 'deploy the repaired version 2',
      expect: 0,
      run: async () => {
        await project.secondVersion();
        return deploy(flags, context);
      },
    },
    { say: 'roll back to version 1', expect: 0, run: () => rollback(flags, context) },
    { say: 'health after the rollback', expect: 0, run: () => health(flags, context) },
  ];
  for (const step of steps) {
    if (context.signal.aborted) return INTERRUPTED;
    say(step.say);
    const code = await step.run();
    if (code !== step.expect) {
      context.stderr.write(`the demo expected exit code ${step.expect} here and got ${code}\n`);
      return code === 0 ? 1 : code;
    }
    context.stdout.write(`   ${await served(project.url)}\n`);
  }
  say('done: the demo host is stopped and its folder removed');
  return 0;
}

/** What the app itself says, asked directly and not through fleet. */
async function served(url: string): Promise<string> {
  const answer = await fetch(`${url}/health`);
  return `${url}/health answers ${answer.status} ${(await answer.text()).trim()}`;
}
