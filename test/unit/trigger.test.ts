import { describe, expect, test } from 'vitest';
import { triggersOf } from '../../src/unit/graph/trigger.ts';
import { file } from './sample.ts';

const service = (path: string, lines = '', about = '') =>
  file(path, `[Unit]\n${about}\n[Service]\nExecStart=/bin/x\n${lines}\n`);
const pairs = (units: Parameters<typeof triggersOf>[0], ...start: string[]) =>
  triggersOf(units, start).map(({ trigger, unit }) => `${trigger} ${unit}`);

describe('what a set’s sockets, timers and paths start', () => {
  test('is the service of the same name, or the one that they name', () => {
    const units = [
      ...['x', 'y', 'z'].map((name) => service(`${name}.service`)),
      file('x.socket', '[Socket]\nListenStream=1\n'),
      file('a.socket', '[Socket]\nListenStream=2\nService=y.service\n'),
      file('b.timer', '[Timer]\nOnBootSec=1\nUnit=y.service\nUnit=z.service\n'),
      file('c.path', '[Path]\nPathExists=/x\nUnit=x.service\n'),
      file('y.timer', '[Timer]\nOnBootSec=1\n'),
    ];
    expect(pairs(units, 'x.socket', 'a.socket', 'b.timer', 'c.path', 'y.timer')).toEqual([
      'x.socket x.service',
      'a.socket y.service',
      'b.timer z.service',
      'c.path x.service',
      'y.timer y.service',
    ]);
  });

  test('is a template where the socket accepts, and the same instance of another template otherwise', () => {
    const units = [
      service('x@.service'),
      service('y@.service'),
      file('x.socket', '[Socket]\nListenStream=1\nAccept=yes\n'),
      file('y@.timer', '[Timer]\nOnBootSec=1\n'),
      file('z@.path', '[Path]\nPathExists=/x\nUnit=y@%i.service\n'),
    ];
    expect(pairs(units, 'x.socket', 'y@one.timer', 'z@two.path')).toEqual([
      'x.socket x@.service',
      'y@one.timer y@one.service',
      'z@two.path y@two.service',
    ]);
  });

  test('is also what asks for the socket, and what comes along', () => {
    const units = [
      service('x.service', '', 'Wants=helper.service ssh.service'),
      service('other.service', 'Sockets=x.socket'),
      service('helper.service', '', 'Requires=deep.service'),
      service('deep.service'),
      service('alone.service'),
      file('x.socket', '[Socket]\nListenStream=1\n'),
    ];
    expect(pairs(units, 'x.socket')).toEqual(
      ['x', 'helper', 'deep', 'other'].map((name) => `x.socket ${name}.service`),
    );
  });

  test('is nothing that is started anyway, that is not of the set, or that no started unit triggers', () => {
    const units = [
      service('x.service'),
      file('x.socket', '[Socket]\nListenStream=1\n'),
      file('y.socket', '[Socket]\nListenStream=2\nService=ssh.service\n'),
    ];
    expect(pairs(units, 'x.socket', 'x.service')).toEqual([]);
    expect(pairs(units, 'y.socket')).toEqual([]);
    expect(pairs(units)).toEqual([]);
  });
});
