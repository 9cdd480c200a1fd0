import { describe, expect, it } from 'vitest';
import { intrusions } from '../../src/engine/plan/neighbours.ts';
import { type Neighbour, parseFacts } from '../../src/host/facts.ts';
import type { RuntimeName } from '../../src/model/facts.ts';
import { EMPTY_TASK_PLAN, type LiveFile } from '../../src/model/plan.ts';

const layout = { root: '/opt/new', current: '/opt/new/current', app: 'new', user: 'new', data: [] };
const OLD: Neighbour = {
  app: 'old',
  active: 3,
  user: 'old',
  root: '/opt/old',
  units: ['old.service', 'w@.service', 'nginx.service.d/old.conf'],
  files: ['/etc/logrotate.d/old'],
};

const unit = (path: string) => ({ path, text: '' });
const file = (path: string): LiveFile => ({
  path,
  content: '',
  mode: 0o644,
  owner: 'root',
  group: 'root',
  notify: null,
});
type Wanted = {
  readonly units?: readonly string[];
  readonly enable?: readonly string[];
  readonly files?: readonly string[];
};
const against = (wanted: Wanted, of: Partial<typeof layout> = {}, runtime: RuntimeName = 'systemd') =>
  intrusions(
    { ...layout, ...of },
    {
      ...EMPTY_TASK_PLAN,
      units: (wanted.units ?? []).map(unit),
      enable: wanted.enable ?? [],
      files: (wanted.files ?? []).map(file),
    },
    runtime,
    [OLD],
  );

describe('beside another app of the host', () => {
  it.each<[string, Wanted, RegExp]>([
    ['its unit', { units: ['old.service'] }, /^the unit old\.service is that of the app old$/],
    [
      'a drop-in of its unit',
      { units: ['old.service.d/x.conf'] },
      /x\.conf would change the unit old\.service of the app old/,
    ],
    ['an instance of its template', { units: ['w@1.service'] }, /would change the unit w@\.service of the app old/],
    [
      'a drop-in of an instance',
      { units: ['w@1.service.d/x.conf'] },
      /would change the unit w@\.service of the app old/,
    ],
    [
      'its drop-in of a unit of the host',
      { units: ['nginx.service.d/old.conf'] },
      /the drop-in .* is that of the app old/,
    ],
    ['its unit that is only enabled', { enable: ['old.service'] }, /enable names old\.service, a unit of the app old/],
    ['its file', { files: ['/etc/logrotate.d/old'] }, /the file \/etc\/logrotate\.d\/old is that of the app old/],
    ['a file in its root', { files: ['/opt/old/data/x'] }, /lies in \/opt\/old of the app old/],
  ])('%s is refused, and it is named', (_what, wanted, words) => {
    const { refused } = against(wanted);
    expect(refused).toEqual([{ what: expect.stringMatching(words), fix: expect.any(String) }]);
  });

  it.each<[string, Wanted]>([
    ['units of its own', { units: ['new.service', 'new.service.d/x.conf', 'old-1.service'], enable: ['new.service'] }],
    ['another drop-in of the same unit of the host', { units: ['nginx.service.d/new.conf'] }],
    ['files of its own', { files: ['/etc/logrotate.d/new', '/opt/older/x'] }],
  ])('%s is nobody else’s business', (_what, wanted) => {
    expect(against(wanted)).toEqual({ refused: [], warnings: [] });
  });

  it.each([
    ['/opt/old', /^the root \/opt\/old is that of the app old \(generation 3 is live\)$/],
    ['/opt/old/sub', /lies in \/opt\/old of the app old/],
    ['/opt', /^in the root \/opt lies \/opt\/old of the app old/],
  ])('the root %s is refused', (root, words) => {
    expect(against({}, { root }).refused).toEqual([{ what: expect.stringMatching(words), fix: expect.any(String) }]);
    expect(against({}, { root: '/opt/older' }).refused).toEqual([]);
  });

  it('its root names the way to rename an app', () => {
    const [taken] = against({}, { root: '/opt/old' }).refused;
    expect(taken?.fix).toMatch(/name: old .*`fleet rollback --full --keep-data`.*then deploy as new/);
  });

  it('one account for both is warned of', () => {
    expect(against({}, { user: 'old' })).toEqual({
      refused: [],
      warnings: [expect.stringMatching(/the account old is also that of the app old/)],
    });
  });

  it('units of one name are said, and no more, where each app has its own', () => {
    const { refused, warnings } = against({ units: ['old.service'] }, {}, 'nohup');
    expect(refused).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/the unit old\.service is that of the app old: with systemd/)]);
  });
});

describe('what the probe tells of other apps', () => {
  it('is read by app, with blanks in paths', () => {
    const { neighbours } = parseFacts(
      'neighbour a 2 - /opt/a b\nneighbour ab 1 web /opt/ab\nneighbour-unit a x.service\nneighbour-unit ab y.service\n' +
        'neighbour-file a /etc/a b\n',
    );
    expect(neighbours).toEqual([
      { app: 'a', active: 2, user: null, root: '/opt/a b', units: ['x.service'], files: ['/etc/a b'] },
      { app: 'ab', active: 1, user: 'web', root: '/opt/ab', units: ['y.service'], files: [] },
    ]);
  });
});
