import { describe, expect, it } from 'vitest';
import { EMPTY_DECLARED } from '../../../src/model/declared.ts';
import { lint } from '../../../src/unit/lint/lint.ts';
import { BESIDE, CASES } from './cases.ts';
import { layoutAt, linted, service, units } from './sample.ts';

const of = (rule: string, findings: ReturnType<typeof linted>) => findings.filter((found) => found.rule === rule);

describe('the linter', () => {
  it.each(CASES)('$rule finds $says, and not what is right', ({ rule, bad, good, more = {} }) => {
    const found = of(rule, linted(bad, more));
    expect(found).not.toEqual([]);
    for (const { why, fix, message } of found) expect([message, why, fix].every((text) => text.length > 8)).toBe(true);
    expect(of(rule, linted(good, more))).toEqual([]);
    expect(linted(good, more).filter(({ level }) => level === 'error')).toEqual([]);
  });

  it.each(BESIDE)('$rule finds $says, and not what is right', ({ rule, bad, good }) => {
    const files = { 'app.service': service() };
    expect(of(rule, linted(files, bad))).not.toEqual([]);
    expect(linted(files, good)).toEqual([]);
  });

  it('finds root at what uploadUser has sent, and not at what root has', () => {
    const text = service('ExecStartPre=+/opt/app/current/pre.sh');
    const by = (uploadUser: string | null) =>
      lint({ ...EMPTY_DECLARED, units: units({ 'app.service': text }) }, layoutAt('/opt/app'), uploadUser);
    expect(of('root-program', by('coder'))).toMatchObject([{ message: expect.stringContaining('coder (uploadUser)') }]);
    expect(of('root-program', by(null))).toEqual([]);
  });

  it('has nothing to say of a service that is right', () => {
    expect(linted({ 'app.service': service() }, { enable: ['app.service'], envKeys: ['A'] })).toEqual([]);
  });

  it('says one thing of a line that systemd drops, not all that would follow from it', () => {
    const found = linted({
      'app.service': service('ReadWritePaths=/opt/x # data\nRestart=always\nRestartSec=10 # slow'),
    });
    expect(found.map(({ rule }) => rule)).toEqual(['inline-comment', 'inline-comment']);
  });

  it('never repeats the value of a variable', () => {
    const hidden = linted({
      'app.service': service(
        'Environment=API_TOKEN=canary-1\nEnvironment=OPEN canary-2\nExecStartPre=/bin/x --token canary-3',
      ),
    });
    expect(hidden.map(({ rule }) => rule)).toEqual(['secret-in-unit', 'syntax', 'secret-in-command']);
    expect(JSON.stringify(hidden)).not.toContain('canary');
    // The oracle bites: other values are shown.
    expect(JSON.stringify(linted({ 'app.service': service('Nice=canary') }))).toContain('canary');
  });

  it.each(['endless-restart, restart-delay', 'T31, T9'])(
    'lets a rule pass where the file says so, and no other: %s',
    (names) => {
      const text = service(`# fleet: allow ${names}\nRestart=always\nRestartSec=10\nMemoryMax=x`);
      expect(linted({ 'app.service': text }).map(({ rule }) => rule)).toEqual(['value']);
    },
  );

  it('judges no value of a key in a section that does not read it', () => {
    const text = `# fleet: allow section\n[Unit]\nMemoryMax=x\n${service('Nice=x')}`;
    expect(linted({ 'app.service': text }).map(({ rule, message }) => `${rule}: ${message}`)).toEqual([
      'value: Nice=x is not a whole number from -20 to 19',
    ]);
  });

  it('places a finding in the file that it stands in, drop-ins included', () => {
    const found = linted({ 'app.service': service(), 'app.service.d/x.conf': '[Service]\n\n  Nice = 99\n' });
    expect(found).toMatchObject([{ rule: 'value', file: 'units/app.service.d/x.conf', line: 3, column: 10 }]);
  });

  it('takes every key for a key of the instance that is enabled', () => {
    const text = service('ExecStart=\nExecStart=/opt/app/current/x --instance %i\nPIDFile=/run/app-%i/pid');
    const found = linted({ 'x@.service': text }, { enable: ['x@a.service'] });
    expect(found.map(({ message }) => message)).toEqual(['/run/app-a is used, and no RuntimeDirectory= makes it']);
  });
});
