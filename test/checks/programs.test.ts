import { describe, expect, it } from 'vitest';
import { programsOf } from '../../src/util/programs.ts';

describe('the files that a command runs', () => {
  it.each<[readonly string[], readonly string[]]>([
    [['/usr/bin/pg_isready', '/opt/app/x'], ['/usr/bin/pg_isready']],
    [
      ['sh', '/opt/app/x.sh', '/opt/app/data'],
      ['sh', '/opt/app/x.sh'],
    ],
    [
      ['python3', '-I', '/opt/app/x.py'],
      ['python3', '/opt/app/x.py'],
    ],
    [['python3', '-c', '/opt/app/x.py'], ['python3']],
    [
      ['env', '-i', 'A=b', 'timeout', '5', '/opt/app/x'],
      ['env', 'timeout', '/opt/app/x'],
    ],
    [
      ['sh', '-ec', 'cd /opt/app && ./x || exec "/opt/app/y" z'],
      ['sh', '/opt/app', './x', 'exec', '/opt/app/y'],
    ],
    [
      ['sh', '-c', 'if A=1 /opt/app/x; then . /opt/app/y; fi'],
      ['sh', '/opt/app/x', '/opt/app/y', 'fi'],
    ],
    [
      ['sh', '-c', 'test -s /opt/app/data/db'],
      ['sh', 'test'],
    ],
    [
      ['sh', '-c', 'echo $(/opt/app/x)'],
      ['sh', 'echo', '/opt/app/x'],
    ],
  ])('%j', (argv, files) => expect(programsOf(argv)).toEqual(files));
});
