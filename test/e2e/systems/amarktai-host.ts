import type { InventoryHost } from '../fleet.ts';
import type { TestHost } from '../rig/index.ts';
import { type Shipped, shippedProject } from './project.ts';

export const UNIT = 'amarktai-api.service';
export const ROOT = '/var/amarktai';
export const PLAYBOOK = 'playbooks/amarktai.yaml';

/** Waits short enough for tests; all else is as it is shipped. */
const shortWaits = (text: string) =>
  text
    .replace('settle: 10s', 'settle: 1s')
    .replace('deadline: 150s', 'deadline: 40s')
    .replace('status: 200 }', 'status: 200, retryFor: 3s }');

/** Without pip in the venv, which takes three seconds of every deploy; there is nothing for it to install. */
export const withoutPip = (text: string) =>
  text
    .replace('--system-site-packages, venv]', '--system-site-packages, --without-pip, venv]')
    .replace(/ {2}- run:\n {6}command:\n( {8}- .*\n)+/, '');

/** The project as it is shipped, for one host in place of amarktai-api. */
export const amarktai = (host: InventoryHost, changes: Shipped['changes'] = {}) =>
  shippedProject({
    app: 'amarktai',
    hosts: { 'amarktai-api': host },
    secrets: { 'amarktai.env': { AMARKTAI_MARKER: 'one', ENABLE_TRADING: 'true' } },
    changes: { [PLAYBOOK]: shortWaits, ...changes },
  });

export type Answer = {
  readonly ok: boolean;
  readonly version: string;
  readonly pid: number;
  readonly parts: Readonly<Record<string, boolean>>;
};

const ASK = `python3 -c '
import urllib.error, urllib.request
try:
    print(urllib.request.urlopen("http://127.0.0.1:8000/api/health", timeout=3).read().decode())
except urllib.error.HTTPError as error:
    print(error.read().decode())'`;

/** What the API says of itself, asked from inside the host; throws when nobody answers. */
export const ask = async (host: TestHost): Promise<Answer> => JSON.parse(await host.out(ASK));

/** Properties of the service, as this systemd shows them. */
export async function show(host: TestHost, ...names: readonly string[]): Promise<Record<string, string>> {
  const text = await host.out(`systemctl show -p ${names.join(',')} ${UNIT}`);
  return Object.fromEntries(text.split('\n').map((line) => [line.split('=', 1)[0], line.slice(line.indexOf('=') + 1)]));
}

/** The host's own assessment of the service, from 0 to 10. */
export async function exposure(host: TestHost): Promise<number> {
  const text = await host.out(`systemd-analyze security --no-pager ${UNIT} | tail -n 1`);
  return Number(/: ([\d.]+) /.exec(text)?.[1] ?? Number.NaN);
}

/** The words that ten restarts must not leave in the journal. */
export const DIRT = /never awaited|SchedulerNotRunningError|Application shutdown failed|Unclosed client session/;

/** Restarts the service and waits for each start until it listens; prints what the journal says from the first on. */
export const restarts = (host: TestHost, times: number) =>
  host.out(`cursor=$(journalctl -q -n 1 --show-cursor | sed -n 's/^-- cursor: //p')
for i in $(seq ${times}); do
  systemctl restart ${UNIT}
  for j in $(seq 100); do ! bash -c ': </dev/tcp/127.0.0.1/8000' 2>/dev/null || break; sleep 0.1; done
  [ "$(systemctl is-active ${UNIT})" = active ] || { echo "restart $i: not active"; break; }
done
journalctl -q -o cat --after-cursor="$cursor" -u ${UNIT}`);

/** What of the app is live on a host: units, settings of daemons, the link to the code, the secrets. */
export const live = (host: TestHost) =>
  host.out(`find /etc/systemd /etc/logrotate.d -name 'amarktai*'
find ${ROOT}/current ${ROOT}/.env 2>/dev/null
true`);

/** All that a deploy may have put on a host. */
export const traces = (host: TestHost) =>
  host.out(`find ${ROOT} /var/lib/fleet /etc/systemd /etc/logrotate.d /var/spool/cron 2>/dev/null | sort
grep -h amarktai /etc/passwd /etc/group /etc/shadow
true`);
