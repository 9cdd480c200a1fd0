import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cronLine, type Line, markOf, scheduleOf, withLine } from '../../src/cli/cron-line.ts';

it.each([
  ['1m', '* * * * *'],
  ['5m', '*/5 * * * *'],
  ['30m', '*/30 * * * *'],
  ['60m', '0 * * * *'],
  ['1h', '0 * * * *'],
  ['6h', '0 */6 * * *'],
  ['24h', '0 0 * * *'],
  ['7m', null],
  ['90m', null],
  ['5h', null],
])('every %s is %s in cron', (every, schedule) => expect(scheduleOf(every)).toBe(schedule));

const MARK = markOf('shop-0123456789ab');
const given: Line = {
  ...{ schedule: '*/5 * * * *', every: '5m', node: '/usr/bin/node', program: '/opt/fleet/fleet.js', mark: MARK },
  ...{ project: "/srv/it's a shop", env: { PATH: '/usr/bin:/bin' } },
};

it('the line has absolute paths, what cron does not pass on, and quotes where a shell needs some', () => {
  expect(cronLine(given)).toBe(
    `*/5 * * * * PATH=/usr/bin:/bin /usr/bin/node /opt/fleet/fleet.js health --cron --every 5m -C '/srv/it'\\''s a shop' ${MARK}`,
  );
  for (const project of ['/srv/50%', '/srv/a\nb']) expect(cronLine({ ...given, project })).toBeNull();
});

describe('a crontab', () => {
  const LINE = cronLine(given) ?? '';
  const OTHERS = `# mine\nMAILTO=me\n\n0 3 * * * backup  # fleet health of other-0\n@reboot x`;

  it('gets the line at its end, once, and loses it again, and nothing else', () => {
    const written = withLine(OTHERS, MARK, LINE);
    expect(written).toBe(`${OTHERS}\n${LINE}\n`);
    expect(withLine(written, MARK, LINE)).toBe(written);
    expect(withLine(written, MARK, null)).toBe(`${OTHERS}\n`);
    expect(withLine('', MARK, LINE)).toBe(`${LINE}\n`);
    expect(withLine(OTHERS, MARK, null)).toBe(OTHERS);
  });

  it('keeps it where it stands when it changes, and one of another project or in a comment as it is', () => {
    const old = `a\n0 * * * * old ${MARK}\nb\n# 0 * * * * old ${MARK}\n0 * * * * old ${MARK}0\n`;
    expect(withLine(old, MARK, LINE)).toBe(old.replace(`0 * * * * old ${MARK}\n`, `${LINE}\n`));
  });

  it('keeps every byte of every other line, whatever they are', () => {
    const text = fc
      .array(fc.oneof(fc.string(), fc.constantFrom('', '\r', '# x', ' ', MARK, `#${MARK}`)))
      .map((all) => all.join('\n'));
    fc.assert(
      fc.property(text, (before) => {
        const isOurs = (line: string) => line.trimEnd().endsWith(` ${MARK}`) && !line.startsWith('#');
        const rest = before.split('\n').filter((line) => !isOurs(line));
        const after = withLine(before, MARK, LINE)
          .split('\n')
          .filter((line) => !isOurs(line));
        expect(after.join('\n').replace(/\n$/, '')).toBe(rest.join('\n').replace(/\n$/, ''));
      }),
    );
  });
});
