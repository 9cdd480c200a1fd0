import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Project } from '../fleet.ts';
import { drawn, startHost, type TestHost } from '../rig/index.ts';
import { eventually } from '../samples.ts';
import { APP, faultyProject, ROOT, STATE, UNIT } from './app.ts';
import { differences, look } from './look.ts';
import { deploy } from './operator.ts';

type Breakage = { readonly name: string; readonly on?: 'systemd'; readonly do: string; readonly undo: string };

const UNITS = '/etc/systemd/system';

/** What a half-done or half-undone deploy could leave; the look that all fault tests rest on has to see each of them. */
const BREAKAGES: readonly Breakage[] = [
  {
    name: 'a file of the release with another byte',
    do: `echo x >>${ROOT}/current/VERSION`,
    undo: `echo one >${ROOT}/current/VERSION`,
  },
  {
    name: 'settings of another generation',
    do: `sed -i s/one/two/ ${ROOT}/.env`,
    undo: `sed -i s/two/one/ ${ROOT}/.env`,
  },
  { name: 'settings that others can read', do: `chmod 644 ${ROOT}/.env`, undo: `chmod 600 ${ROOT}/.env` },
  { name: 'settings that belong to another account', do: `chown root ${ROOT}/.env`, undo: `chown ${APP} ${ROOT}/.env` },
  {
    name: 'a link to another generation',
    do: `cp -a ${ROOT}/releases/1 ${ROOT}/releases/7; ln -sfn releases/7 ${ROOT}/current`,
    undo: `ln -sfn releases/1 ${ROOT}/current; rm -rf ${ROOT}/releases/7`,
  },
  { name: 'half a generation', do: `mkdir ${ROOT}/releases/8`, undo: `rmdir ${ROOT}/releases/8` },
  { name: 'a file that was on its way', do: `: >/etc/.fleet.${APP}.abcdef`, undo: `rm /etc/.fleet.${APP}.abcdef` },
  {
    name: 'a second copy of the service',
    do: `cd ${ROOT}/current && MARK=mark-one UNIT_OF=one setsid sh -c 'exec /bin/sh serve.sh' >/dev/null 2>&1 </dev/null & sleep 0.3; echo $(pgrep -fn '^/bin/sh serve.sh') >/run/second`,
    undo: 'kill -9 $(cat /run/second)',
  },
  {
    name: 'a journal that is not at rest',
    do: `sed -i 's/^phase.*/phase SETTLING/' ${STATE}/state`,
    undo: `sed -i 's/^phase.*/phase IDLE/' ${STATE}/state`,
  },
  {
    name: 'a lock that is held',
    do: `( exec 9>>${STATE}/lock; flock 9; exec sleep 600 ) >/dev/null 2>&1 </dev/null & echo $! >/run/holder; sleep 0.3`,
    undo: 'kill -9 $(cat /run/holder)',
  },
  {
    name: 'a runner that is still at work',
    do: `cp ${STATE}/host.sh /run/copy.sh; echo 'sleep 600' >/run/copy.sh; setsid sh /run/copy.sh ${ROOT} ${APP} runner >/dev/null 2>&1 </dev/null & echo $! >/run/runner`,
    undo: 'kill -9 $(cat /run/runner)',
  },
  {
    name: 'a rotation file that is gone',
    do: `mv /etc/logrotate.d/${APP} /run/rotate`,
    undo: `mv /run/rotate /etc/logrotate.d/${APP}`,
  },
  {
    name: 'one more account',
    do: 'cp -a /etc/passwd /run/passwd; echo x:x:77:77::/:/bin/false >>/etc/passwd',
    undo: 'cp -a /run/passwd /etc/passwd',
  },
  {
    name: 'a unit with another line',
    on: 'systemd',
    do: `echo '# x' >>${UNITS}/${UNIT}`,
    undo: `sed -i '$d' ${UNITS}/${UNIT}; systemctl daemon-reload`,
  },
  {
    name: 'a unit that was changed and not read again',
    on: 'systemd',
    do: `touch -d tomorrow ${UNITS}/${UNIT}`,
    undo: 'systemctl daemon-reload',
  },
  {
    name: 'a unit that does not start at boot',
    on: 'systemd',
    do: `systemctl disable -q ${UNIT}`,
    undo: `systemctl enable -q ${UNIT}`,
  },
  { name: 'a service that is down', on: 'systemd', do: `systemctl stop ${UNIT}`, undo: `systemctl start ${UNIT}` },
];

describe.each(drawn(['web', 'systemd'], ['edge', 'plain']))('the look at %s', (name, kind) => {
  let host: TestHost;
  let project: Project;
  let good: string[];

  beforeAll(async () => {
    host = await startHost(name, kind);
    project = await faultyProject(host);
    expect((await deploy(project)).end).toBe('deployed');
    good = await look(host);
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await host?.[Symbol.asyncDispose]();
  });

  it('shows the one process with its generation and settings, and nothing that is left over', () => {
    expect(good.filter((line) => /^(process|left)/.test(line))).toEqual([
      `process /bin/sh serve.sh as ${APP} in ${ROOT}/releases/ACTIVE with MARK=mark-one UNIT_OF=one`,
    ]);
    expect(good).toContain('verdict good');
  });

  it.each(BREAKAGES.filter(({ on }) => on === undefined || on === kind))('notices $name', async (breakage) => {
    await host.out(breakage.do);
    expect(differences(await look(host), good)).not.toEqual([]);
    await host.out(breakage.undo);
    await eventually(async () => expect(differences(await look(host), good)).toEqual([]));
  });
});
