import { expect, it } from 'vitest';
import { timerUnits } from '../../src/cli/timer-units.ts';

const JOB = {
  ...{ every: '5m', node: '/usr/bin/node', program: '/opt/fleet/fleet.js', project: '/srv/shop' },
  env: { PATH: '/usr/bin:/bin' },
};

it('a timer looks soon, and then as often as was said; the service says what it finds by itself', () => {
  expect(timerUnits(JOB)).toEqual({
    service: `[Unit]
Description=fleet health of /srv/shop

[Service]
Type=oneshot
Environment=PATH=/usr/bin:/bin
ExecStart=/usr/bin/node /opt/fleet/fleet.js health --cron --exit-zero --every 5m -C /srv/shop
`,
    timer: `[Unit]
Description=fleet health of /srv/shop, every 5m

[Timer]
OnActiveSec=15s
OnUnitActiveSec=5m
AccuracySec=5s

[Install]
WantedBy=timers.target
`,
  });
});

it.each([
  ['a space', '/srv/my shop', '"/srv/my shop"'],
  ['a per cent sign', '/srv/50%', '"/srv/50%%"'],
  ['a dollar', '/srv/$HOME', '"/srv/$$HOME"'],
  ['a quote and a backslash', '/srv/a"b\\c', '"/srv/a\\"b\\\\c"'],
])('%s in a path reaches the program as it is', (_, project, word) => {
  const units = timerUnits({ ...JOB, project, env: { PATH: project } });
  expect(units?.service).toContain(` -C ${word}\n`);
  expect(units?.service).toMatch(/^Environment="?PATH=/m);
});

it.each(['/srv/a\nb', '/srv/a\rb'])('a line break cannot be written: %j', (project) => {
  expect(timerUnits({ ...JOB, project })).toBeNull();
});
