import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { Shard } from '../config/select.ts';
import { BUG, REFUSED } from '../library/exit-code.ts';
import type { Verb } from '../model/work.ts';
import type { CliContext } from './context.ts';
import { giveHelp, OWN, withExamples } from './help.ts';
import { Refusal, refusalLine } from './refusal.ts';
import { VERSION } from './version.ts';
import { commandFirst, wantsFormat, wantsJson, wantsVersion } from './words.ts';

export { INTERRUPTED } from '../library/exit-code.ts';
// What the process needs besides, so that it loads one file.
export { endCommands } from '../local/command.ts';
export { Secret } from '../model/secret.ts';

const many = (value: string, before: readonly string[]) => [...before, value];

function whole(value: string): number {
  const n = Number(value);
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('a whole number from 1 on is expected.');
  return n;
}

function shard(value: string): Shard {
  const [part = 0, of = 0] = /^\d+\/\d+$/.test(value) ? value.split('/').map(Number) : [];
  if (of < 1) throw new InvalidArgumentError('a part and the number of parts is expected, such as 2/4.');
  if (part >= 1 && part <= of) return { part, of };
  throw new InvalidArgumentError(`parts are counted from 1/${of} to ${of}/${of}.`);
}

/** Two runs need some time, and nobody waits for a day to hear that something is bad. */
function runsApart(value: string): string {
  const [, amount = '', unit] = /^(\d+)(m|h)$/.exec(value) ?? [];
  const minutes = Number(amount) * (unit === 'h' ? 60 : 1);
  if (unit === undefined || minutes < 1 || minutes > 1440)
    throw new InvalidArgumentError('a time from 1m to 24h is expected.');
  return value;
}

// What stands in angles says what completion offers there: a host, group, app, unit, key, generation, file or dir.

const common = (command: Command) =>
  command
    .optionsGroup('Common flags:')
    .addOption(new Option('-C <dir>', 'the project folder (default: the nearest one upwards)'))
    .option('--json', 'one JSON object per line on standard output')
    .option('-v, --verbose', 'also what commands on the hosts print')
    .option('-q, --quiet', 'only what failed, and the summary')
    .helpOption('-h, --help', 'print this help')
    .optionsGroup(OWN);

const onHosts = (command: Command) =>
  common(
    command
      .optionsGroup('Which hosts:')
      .option('--host <host>', 'a host by name, address or glob; repeatable', many, [])
      .option('--group <group>', 'all hosts of a group; repeatable', many, [])
      .option('--app <app>', 'only this app; repeatable', many, [])
      .option('--all', 'all hosts')
      .optionsGroup('How to go about it:')
      .option('--parallel <n>', 'hosts at a time', whole, 10)
      .option('--user <name>', 'log in as this user, whatever the inventory says')
      .option('--identity <file>', 'private key to log in with, whatever the inventory says')
      .option('--accept-new', 'trust hosts whose key is not known yet, and remember it')
      .option('-y, --yes', 'do not ask')
      .option('--log-file <file>', 'add all that happens to this file, each line with its time'),
  );

const inParts = (command: Command) =>
  onHosts(command).option(
    '--shard <i/n>',
    'only the i-th of n parts of the selected hosts, for jobs side by side',
    shard,
  );

/** The command line. Commands are loaded when they are called, so that `--version` and `--help` answer at once. */
export function program(context: CliContext, ended: (code: number) => void): Command {
  const fleet = new Command('fleet')
    .usage('COMMAND [flags]')
    .optionsGroup('Flags:')
    .description('Deploys services to plain Linux hosts over SSH and keeps them running.')
    .version(VERSION, '-V, --version', 'print the version; with --json also what a report of a bug needs')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    })
    .showSuggestionAfterError()
    .helpCommand(false);
  withExamples(
    fleet,
    ['fleet init my-app', 'write a starter project'],
    ['fleet plan --all', 'what a deploy would change, on every host'],
    ['fleet deploy --group vps', 'deploy to the hosts of a group'],
    ['fleet -C ~/my-app status --all', 'what runs, for a project in another folder'],
  );

  fleet.commandsGroup('Change hosts:');
  const only = () =>
    new Option(
      '--only <part>',
      "env: the secrets alone; code and all else stay as they are on the host, whatever the project's are by now",
    ).choices(['env']);
  withExamples(
    inParts(fleet.command('deploy').description('plan, apply, prove it healthy, and commit; or revert'))
      .addOption(only())
      .action(async (flags) => ended(await (await import('./commands/deploy.ts')).deploy(flags, context))),
    ['fleet deploy --host web1 --app shop', 'one app on one host'],
    ['fleet deploy --group vps --yes', 'all that a group has, without being asked'],
  );
  fleet.commandsGroup('Look at hosts:');
  withExamples(
    inParts(fleet.command('plan').description('what deploy would change on each host; writes nothing'))
      .addOption(only())
      .option('--exit-code', 'exit with 5 when changes are pending')
      .action(async (flags) => ended(await (await import('./commands/plan.ts')).plan(flags, context))),
    ['fleet plan --host web1', 'what a deploy would do there'],
    ['fleet plan --all --exit-code', 'for a script: 5 where something differs'],
  );
  fleet.commandsGroup('Change hosts:');
  withExamples(
    inParts(fleet.command('rollback').description('back to the previous good generation'))
      .option('--to <generation>', 'to this generation instead', whole)
      .option('--full', 'to before the first deploy: everything that fleet put there goes')
      .option('--keep-data', 'a full rollback keeps data, .env and the account that owns them')
      .option('--nohup', 'the same generation, run without systemd')
      .action(async (flags) => ended(await (await import('./commands/rollback.ts')).rollback(flags, context))),
    ['fleet rollback --host web1 --to 12', 'to one that fleet history shows'],
    ['fleet rollback --host web1 --full --keep-data', 'off the host; what the app has written stays'],
  );
  const verb = (name: Verb, about: string, rolling = false) => {
    const command = onHosts(fleet.command(name).description(about)).argument(
      '<unit...>',
      'units of the active generation, by name or glob; .service may be left out',
    );
    if (rolling)
      command.option('--rolling', 'host by host, each proved healthy before the next; stops at the first that is not');
    withExamples(
      command,
      [`fleet ${name} jarvis --host jarvis-main`, 'one service on one host'],
      [`fleet ${name} 'worker@*' --app jarvis`, 'all instances of a template, wherever the app runs'],
    );
    return command.action(async (words, flags) =>
      ended(await (await import('./commands/serve.ts')).serve(name, words, flags, context)),
    );
  };
  verb('start', 'start services, and wait until they have stayed up', true);
  verb('stop', 'stop services, and wait until they are down');
  verb('restart', 'restart services, and wait until they have stayed up', true);
  verb('reload', 'have services read their configuration again (ExecReload=)', true);
  verb('enable', 'have units start at boot');
  verb('disable', 'keep units from starting at boot; what runs goes on');
  verb('kill', 'send a signal to all processes of services').option('--signal <signal>', 'which one', 'TERM');
  verb('reset-failed', 'forget that units have failed, and how often they were started');
  withExamples(
    onHosts(fleet.command('instances').description('instances of a template: what there is, one more, one less'))
      .addArgument(
        new Argument('<action>', 'what to do').choices([
          ...['list', 'status', 'start', 'stop', 'restart', 'add', 'remove', 'start-all', 'stop-all'],
        ]),
      )
      .argument('[instance...]', 'which, by the names that the playbook gives them')
      .option('--template <unit>', 'of this template, where an app has instances of several')
      .option('--plan', 'with add and remove: what would change; writes nothing')
      .action(async (action, names, flags) =>
        ended(await (await import('./commands/instances.ts')).instances(action, names, flags, context)),
      ),
    ['fleet instances status --app brain-in-jar', 'state, memory and restarts of each'],
    ['fleet instances add test_001 --host orin', 'one more, while the others go on untouched'],
    ['fleet instances stop-all --host orin', 'all of them, by their target'],
  );
  withExamples(
    onHosts(fleet.command('run').description('run a command on many hosts, side by side'))
      .argument('<command...>', 'behind --; each word as it is, read by no shell')
      .option('--as <user>', 'as this account; else as root where fleet has it there')
      .option('--shell', 'one text for sh -c')
      .option('--timeout <time>', 'how long it may take on a host', '10m')
      .action(async (words, flags) => ended(await (await import('./commands/run.ts')).run(words, flags, context))),
    ['fleet run --group vps -- uptime', 'on all hosts of a group'],
    ['fleet run --all --as jarvis -- ls -l /opt/jarvis/data', 'as the service account'],
    ["fleet run --all --shell -- 'df -h | tail -n +2'", 'with a pipe'],
  );
  withExamples(
    common(fleet.command('ssh').description("a shell on one host, by the system's ssh and what the inventory knows"))
      .argument('<host>', 'one host of the inventory')
      .argument('[command...]', 'run this there and end')
      .option('--user <name>', 'log in as this user, whatever the inventory says')
      .option('--identity <file>', 'private key to log in with, whatever the inventory says')
      .option('--accept-new', 'trust a host whose key is not known yet, and remember it')
      .action(async (host, words, flags) =>
        ended(await (await import('./commands/ssh.ts')).ssh(host, words, flags, context)),
      ),
    ['fleet ssh jarvis-main', 'a shell there'],
    ['fleet ssh jarvis-main -- journalctl -u jarvis -n 20', 'one command'],
  );
  fleet.commandsGroup('Look at hosts:');
  const health = inParts(fleet.command('health').description("the services and the playbook's checks on each host"))
    .addOption(
      new Option('--format <format>', 'how the result is written')
        .choices(['table', 'json', 'nagios', 'prometheus'])
        .default('table'),
    )
    .option('--output <file>', 'with --format prometheus: into this file, for the textfile collector')
    .option('--cron', 'for a cron job: silent, but for what nobody has been told yet')
    .option('--every <time>', 'with --cron or --install-cron: how far apart the runs are, such as 5m', runsApart)
    .option('--exit-zero', 'with --cron: exit with 0 also when something is bad')
    .option('--explain <id>', 'how a problem came about, and who was told; contacts no host')
    .option('--trend', 'how memory and disks went, and when they are full; contacts no host')
    .option('--install-cron', 'write the line of this project into your crontab; --every 5m unless told')
    .option('--uninstall-cron', 'take that line out again')
    .option('--timer', 'with both: a timer of systemd in the place of the line')
    .action(async (flags) => ended(await (await import('./commands/health.ts')).health(flags, context)));
  withExamples(
    health,
    ['fleet health --group vps', 'every check, now'],
    ['fleet health --install-cron --every 10m', 'from now on by itself: only what is new is told'],
  );
  withExamples(
    inParts(fleet.command('status').description('what is active on each host, and how the last change ended'))
      .option('-w, --watch', 'draw it anew every two seconds, until Ctrl-C')
      .option('--verify', 'compare every file of the active release with what was deployed')
      .action(async (flags) => ended(await (await import('./commands/reports.ts')).status(flags, context))),
    ['fleet status --app shop', 'its services on all its hosts'],
    ['fleet status --host web1 --verify', 'reads every byte of the release there'],
  );
  withExamples(
    onHosts(fleet.command('logs').description('what services have said, of all hosts in the order of time'))
      .argument('[unit...]', 'units of the active generation, by name or glob; all of them where none is named')
      .option('-f, --follow', 'go on with what comes, until Ctrl-C')
      .option(
        '-n, --lines <n>',
        'the last so many of each host (100; with --follow 10; all where a time is given)',
        whole,
      )
      .option('--since <time>', 'from then on, such as 10m for ten minutes ago, or 2026-12-24T08:00Z')
      .option('--until <time>', 'up to then')
      .option('-p, --priority <level>', 'at least so bad: err, warning, info …, or a range')
      .option('--grep <pattern>', 'only lines that match this regular expression')
      .option('-b, --boot [boot]', 'since the host was started; -1 for the time before')
      .option('--invocation <id>', 'last: of the present or last run of each service')
      .option('--generation <generation>', 'while this generation was live', whole)
      .addOption(
        new Option('-o, --format <format>', 'how lines are written').choices(['short', 'json', 'raw']).default('short'),
      )
      .option('--output <file>', 'into this file')
      .action(async (words, flags) => ended(await (await import('./commands/logs.ts')).logs(words, flags, context))),
    ['fleet logs api -f --host shop-1', 'one service, as it speaks'],
    ['fleet logs --since 10m --group vps', 'everything of the last ten minutes, on all hosts of a group'],
    ["fleet logs 'worker@*' -p err --generation 12", 'what went wrong while generation 12 was live'],
  );
  withExamples(
    onHosts(fleet.command('history').description('generations of each host: what, who, when, result')).action(
      async (flags) => ended(await (await import('./commands/reports.ts')).history(flags, context)),
    ),
    ['fleet history --host web1', 'where a rollback could go, and who did what'],
  );
  withExamples(
    inParts(fleet.command('doctor').description('why an app does not work on a host: causes, evidence, cures'))
      .argument('[host...]', 'only these, by name, address or glob')
      .option('--fix', 'put right what is safe (missing folders, modes, owners, failed units), after asking')
      .action(async (names, flags) =>
        ended(await (await import('./commands/doctor.ts')).doctor(names, flags, context)),
      ),
    ['fleet doctor web1', 'what is wrong there, the cause first; writes nothing'],
    ['fleet doctor web1 --fix', 'shows what can safely be put right, and asks'],
  );
  fleet.commandsGroup('Change hosts:');
  withExamples(
    onHosts(fleet.command('lock').description('who is at work on each host; hold a host for maintenance, or let it go'))
      .option('--hold <reason>', 'refuse deploys and rollbacks until released')
      .option('--release', 'let go of a hold')
      .action(async (flags) => ended(await (await import('./commands/reports.ts')).lock(flags, context))),
    ['fleet lock --all', 'who is at work where'],
    ["fleet lock --host web1 --hold 'new disk'", 'nobody deploys there'],
    ['fleet lock --host web1 --release', 'and again they may'],
  );
  fleet.commandsGroup('On this machine:');
  withExamples(
    common(fleet.command('notify').description('who can be told of what happens; send each a test message'))
      .argument('[channel...]', 'only these, by their names in the inventory')
      .option('--test', 'send one message to each, and print what each answered')
      .action(async (names, flags) =>
        ended(await (await import('./commands/notify.ts')).notify(names, flags, context)),
      ),
    ['fleet notify', 'the channels of the inventory'],
    ['fleet notify ops --test', 'a message to one of them'],
  );
  withExamples(
    common(fleet.command('ack').description('you know of a problem: no reminders until it is well, or worse'))
      .argument('<id>', 'what stands in brackets in a message')
      .option('--until <time>', 'only so long, such as 8h, or until a moment, such as 2026-12-24T08:00Z')
      .action(async (id, flags) => ended(await (await import('./commands/quiet.ts')).ack(id, flags, context))),
    ['fleet ack k3fp --until 8h', 'not again before this evening'],
  );
  withExamples(
    common(fleet.command('pause').description('say nothing of a host or an app for a while'))
      .argument('[place]', 'a host, an app, or HOST/APP')
      .option('--for <time>', 'how long, such as 2h or 3d')
      .option('--reason <text>', 'why')
      .option('--list', 'the pauses there are')
      .option('--end <id>', 'end one of them')
      .action(async (name, flags) =>
        ended(await (await import('./commands/quiet.ts')).pauseHosts(name, flags, context)),
      ),
    ["fleet pause web1 --for 2h --reason 'new disk'", 'all of one host'],
    ['fleet pause --list', 'what is quiet, and until when'],
  );
  withExamples(
    common(fleet.command('env').description("the keys of an app's env file on this machine; give one a new value"))
      .addArgument(new Argument('<action>', 'what to do').choices(['list', 'set', 'unset']))
      .argument('[key...]', 'of set and unset: which one; its value is asked for, or read from standard input')
      .option('--app <app>', 'only this app; repeatable', many, [])
      .option('--file <file>', 'this env file, where there are several')
      .action(async (action, words, flags) =>
        ended(await (await import('./commands/env.ts')).env(action, words, flags, context)),
      ),
    ['fleet env list', 'the names of all keys, and which are missing'],
    ['fleet env set API_TOKEN', 'asks for the value, and does not show it'],
    ['pass show shop/api | fleet env set API_TOKEN --app shop', 'from a program'],
    ['fleet deploy --only env --app shop', 'then: hosts get it without a new release'],
  );
  withExamples(
    common(fleet.command('check').description('validate the whole project offline')).action(async (flags) =>
      ended(await (await import('./commands/check.ts')).check(flags, context)),
    ),
    ['fleet check -C ~/my-app', 'errors with their lines, warnings and hints; contacts no host'],
  );
  withExamples(
    fleet
      .command('init')
      .description('write a starter project')
      .argument('[dir]', 'where', '.')
      .action(async (folder) => ended(await (await import('./commands/init.ts')).init(folder, context))),
    ['fleet init my-app', 'into a new folder, ready to be filled in'],
  );
  fleet
    .command('demo')
    .description('the whole story on a throw-away host on 127.0.0.1: no root, no Docker, no sshd')
    .option('-v, --verbose', 'also what commands on the host print')
    .action(async (flags) => ended(await (await import('./commands/demo.ts')).demo(flags, context)));
  withExamples(
    fleet
      .command('completion')
      .description('print a script that completes commands, flags and names in a shell')
      .addArgument(new Argument('<shell>', 'which').choices(['bash', 'zsh', 'fish']))
      .action(async (shell) => ended(await (await import('./commands/completion.ts')).completion(shell, context))),
    ['eval "$(fleet completion bash)"', 'in ~/.bashrc'],
    ['eval "$(fleet completion zsh)"', 'in ~/.zshrc, behind compinit'],
    ['fleet completion fish >~/.config/fish/completions/fleet.fish', 'once'],
  );
  fleet
    .command('help')
    .description('the help of a command, or a reference page')
    .argument('[topic]', 'a command, a key of a playbook, or a page; without one this lists what there is')
    .action(async (topic) => ended(await (await import('./commands/help.ts')).help(topic, fleet, context)));
  giveHelp(fleet);
  for (const command of fleet.commands) command.exitOverride().configureOutput(fleet.configureOutput());
  return fleet;
}

/** Without what stands behind `--`, which is for others. */
const own = (words: readonly string[]) => (words.includes('--') ? words.slice(0, words.indexOf('--')) : words);

/** Runs a command to its end, whatever that is. @param words what stands behind `fleet` @returns the exit code */
export async function runCommandLine(words: readonly string[], context: CliContext): Promise<number> {
  let code = 0;
  const fleet = program(context, (ended) => {
    code = ended;
  });
  if (wantsVersion(words)) return (await import('./commands/version.ts')).version(context);
  if (words[0] === '__complete') return (await import('./complete/answer.ts')).answer(words.slice(1), fleet, context);
  const inOrder = commandFirst(words, fleet);
  // Scripts read the end of a run on standard output, whatever it was.
  const ends = (error: Error, exitCode: number) => {
    if (wantsJson(own(words))) context.stdout.write(`${refusalLine(inOrder[0] ?? '', error, exitCode)}\n`);
    return exitCode;
  };
  try {
    await fleet.parseAsync(inOrder, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    // Commander has already said what is wrong.
    const refused = error instanceof CommanderError || error instanceof Refusal;
    const why = error instanceof Error ? error : new Error(String(error));
    if (error instanceof Refusal) context.stderr.write(`${why.message}\n`);
    else if (!refused) context.stderr.write(`fleet: internal error, please report it: ${why.stack}\n`);
    // So does whoever calls a plugin, which has words and codes of its own.
    if (inOrder[0] === 'health' && wantsFormat('nagios', words)) {
      const { unknown } = await import('../output/formats/unknown.ts');
      const { text, code: unseen } = unknown(refused ? why.message : 'internal error, see standard error');
      context.stdout.write(`${text}\n`);
      return unseen;
    }
    return ends(why, refused ? REFUSED : BUG);
  }
}
