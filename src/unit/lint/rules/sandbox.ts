import { commandWords, programOf } from '../command-words.ts';
import { error, type Finding, warning } from '../finding.ts';
import { portsOf } from '../listening.ts';
import type { LintedService, Rule, Subject } from '../subject.ts';

const STRENGTH = ['no', 'yes', 'full', 'strict'];
const strength = (value: string) => {
  const at = STRENGTH.indexOf(value);
  return at === -1 ? Number(/^(1|y|true|t|on)$/i.test(value)) : at;
};

/** sandbox: settings that protect less than they seem to, or cut off what the service is there for. */
export const sandbox: Rule = (subject) =>
  subject.services.flatMap((service) => [
    ...weaker(service, subject),
    ...noNetwork(service, subject),
    ...noHome(service, subject),
    ...noRealtime(service, subject),
    ...noJit(service, subject),
  ]);

function weaker({ all }: LintedService, { place }: Subject): readonly Finding[] {
  const values = all('ProtectSystem');
  const last = values.at(-1);
  const best = Math.max(0, ...values.map(({ value }) => strength(value)));
  if (last === undefined || strength(last.value) >= best) return [];
  return [
    warning('sandbox', place(last), {
      message: `ProtectSystem=${last.value} replaces ProtectSystem=${STRENGTH[best]}, which protects more`,
      why: 'strict makes everything read-only, full only /usr, /boot and /etc; the last line counts',
      fix: 'remove the later line',
    }),
  ];
}

function noNetwork({ service, last, isOn }: LintedService, { place, envKeys }: Subject): readonly Finding[] {
  const at = last('PrivateNetwork');
  const ports = portsOf(service, envKeys).flatMap(({ port, sure }) => (sure ? [port] : []));
  if (at === undefined || !isOn('PrivateNetwork') || ports.length === 0) return [];
  return [
    error('sandbox', place(at), {
      message: `PrivateNetwork=yes cuts off port ${ports.join(', ')}`,
      why: 'the service gets a network of its own with nothing but a loopback device, so nobody can reach it and it reaches nobody',
      fix: 'remove it; RestrictAddressFamilies= and IPAddressAllow= limit the network without cutting it off',
    }),
  ];
}

const HOMES = /^\/(home|root|run\/user)(\/|$)/;

function noHome({ service, last, all }: LintedService, { place }: Subject): readonly Finding[] {
  const protect = last('ProtectHome')?.value ?? 'no';
  if (!/^(1|yes|y|true|t|on|tmpfs)$/i.test(protect)) return [];
  const uses = [
    { key: 'WorkingDirectory', path: service.workingDirectory.path, code: '200/CHDIR' },
    ...service.execStart.map(({ path }) => ({ key: 'ExecStart', path, code: '203/EXEC' })),
  ].filter(({ path }) => HOMES.test(path));
  return uses.map(({ key, path, code }) =>
    error('sandbox', place(all(key).at(-1) ?? { file: service.name, line: 0 }, 'value'), {
      message: `${key}= uses ${path}, which ProtectHome=${protect} hides`,
      why: `the service sees an empty folder there and fails at once with ${code}`,
      fix: 'use ProtectHome=read-only, with ReadWritePaths= for what it writes',
    }),
  );
}

function noRealtime({ last, isOn }: LintedService, { place }: Subject): readonly Finding[] {
  const at = last('CPUSchedulingPolicy');
  if (at === undefined || !isOn('RestrictRealtime') || !/^(fifo|rr)$/.test(at.value)) return [];
  return [
    warning('sandbox', place(at), {
      message: `CPUSchedulingPolicy=${at.value} beside RestrictRealtime=yes`,
      why: 'the main process starts with it, but no thread may ask for it later, which most audio and voice programs do',
      fix: 'choose one of the two',
    }),
  ];
}

const JIT = /^(node|nodejs|java|deno|bun|dotnet|luajit|pypy3?)$/;

function noJit({ service, last, isOn }: LintedService, { place }: Subject): readonly Finding[] {
  const at = last('MemoryDenyWriteExecute');
  const program = service.execStart
    .flatMap((command) => [programOf(command), ...commandWords(command).slice(1, 2)])
    .find((name) => JIT.test(name));
  if (at === undefined || program === undefined || !isOn('MemoryDenyWriteExecute')) return [];
  return [
    error('sandbox', place(at), {
      message: `MemoryDenyWriteExecute=yes with ${program}`,
      why: 'it compiles while it runs, for which it needs memory to write and execute, and is killed with SIGTRAP',
      fix: 'remove the line for this service',
    }),
  ];
}
