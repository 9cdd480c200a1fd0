import { z } from 'zod';
import type { HostFacts } from '../model/facts.ts';
import { EMPTY_TASK_PLAN, type PrepareStep, type TaskPlan } from '../model/plan.ts';
import type { LoginChange } from '../model/service-account.ts';
import { sh } from '../shell/sh.ts';
import { changeAccount, createAccount, type Tooling } from './account.ts';
import { defineTask } from './define.ts';
import { absolutePath, accountName, distinct } from './fields.ts';

const passwdPath = absolutePath.refine(
  (path) => !path.includes(':'),
  'must not contain ":", which ends a field of /etc/passwd',
);

const schema = z.strictObject({
  name: accountName
    .refine((name) => name !== 'root', 'must not be root, which is no service account')
    .meta({ description: 'Its name; never root.' }),
  home: passwdPath
    .meta({ description: "A new account gets the app's root; an existing one keeps its own." })
    .optional(),
  shell: passwdPath
    .meta({ description: 'A new account gets none to log in with; an existing one keeps its own.' })
    .optional(),
  system: z.boolean().meta({ description: 'Whether a new account is one of the system.' }).default(true),
  groups: distinct(accountName, (name) => name)
    .meta({ description: 'Groups that it is in besides its own.', examples: [['video']] })
    .default([]),
  changeLogin: z
    .boolean()
    .meta({
      description:
        'Whether home and shell are changed also of an account that fleet logs in as, or that has authorized keys.',
    })
    .default(false),
});

const unsupported = (...needs: string[]): TaskPlan => ({ ...EMPTY_TASK_PLAN, unsupported: needs });

function toolingOf(host: HostFacts): Tooling | null {
  if (host.tools.has('useradd')) return 'shadow';
  return host.tools.has('adduser') ? 'busybox' : null;
}

/** What of an account is changed that somebody's login hangs on; null where nobody logs in with it, or nothing is. */
function loginChange(
  account: string,
  want: { readonly home: string | null; readonly shell: string | null },
  had: { readonly home: string; readonly shell: string; readonly keys: boolean },
  logins: readonly string[],
): LoginChange | null {
  const changes = (['home', 'shell'] as const).flatMap((what) => {
    const to = want[what];
    return to === null ? [] : [{ what, from: had[what], to }];
  });
  const fleets = logins.includes(account);
  if (changes.length === 0 || !(fleets || had.keys)) return null;
  return { account, whose: fleets ? 'fleet' : 'keys', changes };
}

/** A service account. Its home is not created here: the app's root is made by the deploy itself. */
export const user = defineTask({
  kind: 'user',
  about: 'Makes or adapts a service account.',
  schema,
  local: async () => null,

  probe: ({ name, groups }) => sh`(
look() { getent "$1" "$2" 2>/dev/null || awk -F: -v n="$2" '$1 == n' "/etc/$1"; }
account=$(look passwd ${name})
member=$(id -nG ${name} 2>/dev/null || :)
printf 'account %s\nmember %s\n' "$account" "$member"
IFS=: read -r _ _ _ _ _ home _ <<END
$account
END
for f in "$home/.ssh/authorized_keys" "$home/.ssh/authorized_keys2" ${[`/etc/ssh/authorized_keys/${name}`, `/etc/ssh/authorized_keys.d/${name}`]}; do
  [ -z "$account" ] || [ ! -s "$f" ] || { echo keys; break; }
done
for g in ${[name, ...groups]}; do [ -n "$(look group "$g")" ] && echo 'group yes' || echo 'group no'; done
)`,

  /** Null when the host could not be asked. */
  parse(stdout) {
    const lines = stdout.split('\n');
    const account = lines.find((line) => line.startsWith('account '))?.slice('account '.length);
    if (account === undefined) return null;
    const [, , , , , home = '', shell = ''] = account.split(':');
    const [ownGroup = false, ...groups] = lines.filter((l) => /^group (yes|no)$/.test(l)).map((l) => l === 'group yes');
    const member = lines.find((line) => line.startsWith('member '))?.slice('member '.length) ?? '';
    const keys = lines.includes('keys');
    return { account: account === '' ? null : { home, shell, keys }, member: member.split(' '), ownGroup, groups };
  },

  plan({ spec }, facts, { host, layout, logins }) {
    if (facts === null) return unsupported(`a readable /etc/passwd, to look for the account ${spec.name}`);
    const { name } = spec;
    const absent = spec.groups.filter((_group, i) => facts.groups[i] !== true);
    const warnings = absent.map(
      (group) => `group ${group} is not there, and ${name} cannot join it until a task brings it`,
    );
    const plan = (title: string, scripts: Pick<PrepareStep, 'apply' | 'undo' | 'makes'>): TaskPlan => ({
      ...EMPTY_TASK_PLAN,
      prepare: [{ id: `user:${name}`, title, ...scripts, shared: true, timeoutMs: 120_000 }],
      warnings,
    });

    const tooling = toolingOf(host);
    if (facts.account === null) {
      if (host.uid !== 0) return unsupported(`root, to create the account ${name}`);
      if (tooling === null) return unsupported(`useradd or adduser, to create the account ${name}`);
      const { home = layout.root, shell = null, groups, system } = spec;
      const want = { name, home, shell, groups, system, createGroup: !facts.ownGroup, mark: `fleet ${layout.app}` };
      return plan(`create the account ${name}`, { ...createAccount(tooling, want), makes: { kind: 'account', name } });
    }

    const home = spec.home !== undefined && spec.home !== facts.account.home ? spec.home : null;
    const shell = spec.shell !== undefined && spec.shell !== facts.account.shell ? spec.shell : null;
    const groups = spec.groups.filter((group) => !facts.member.includes(group));
    const changes = [home && `home ${home}`, shell && `shell ${shell}`, ...groups.map((group) => `group ${group}`)];
    const words = changes.filter((word) => word !== null).join(', ');
    if (words === '') return EMPTY_TASK_PLAN;
    if (host.uid !== 0) return unsupported(`root, to give the account ${name} ${words}`);
    if (tooling === null || (tooling === 'busybox' && (home !== null || shell !== null))) {
      return unsupported(`usermod, to give the account ${name} ${words}`);
    }
    const change = plan(
      `give the account ${name} ${words}`,
      changeAccount(tooling, name, { home, shell, groups }, facts.account),
    );
    const login = loginChange(name, { home, shell }, facts.account, logins);
    if (login === null) return change;
    return spec.changeLogin
      ? { ...change, logins: [login] }
      : { ...change, refused: [{ kind: 'login-account', ...login }] };
  },
});
