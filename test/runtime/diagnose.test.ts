import { describe, expect, test } from 'vitest';
import { explain } from '../../src/runtime/diagnose/diagnose.ts';
import { exitStatusName } from '../../src/unit/values/exit-status.ts';
import { read } from '../unit/sample.ts';

const { service } = read(
  'ExecStart=/opt/app/run\nUser=jarvis\nGroup=bots\nWorkingDirectory=/opt/app\nEnvironmentFile=/opt/app/.env\nType=notify\nTimeoutStartSec=60',
);

describe('why a service did not stay up', () => {
  test.each([
    ['exit-code', 217, 'The user jarvis in User= does not exist on the host.'],
    ['exit-code', 216, 'The group bots in Group='],
    ['exit-code', 200, 'WorkingDirectory=/opt/app does not exist'],
    ['exit-code', 203, 'The program /opt/app/run does not exist'],
    ['exit-code', 226, 'ReadWritePaths='],
    ['exit-code', 237, 'nothing to do with a missing .env'],
    ['exit-code', 250, 'EnvironmentFile= is missing'],
    ['exit-code', 1, 'exit status 1'],
    ['exit-code', 127, 'not found'],
    ['exit-code', 139, 'SIGSEGV'],
    ['exit-code', 75, 'exit status 75 (TEMPFAIL)'],
    ['success', 0, 'ended by itself'],
    ['resources', 0, '/opt/app/.env'],
    ['timeout', 0, 'did not report READY=1 within 60 s'],
    ['watchdog', 6, 'WATCHDOG=1'],
    ['start-limit-hit', 0, 'too often'],
    ['oom-kill', 9, 'want of memory'],
    ['signal', 9, 'SIGKILL'],
    ['signal', 1, 'SIGHUP'],
    ['core-dump', 11, 'SIGSEGV'],
    ['protocol', 0, 'Type= promises'],
  ])('%s %i', (result, status, words) => {
    expect(explain(result, status, service).cause).toContain(words);
  });

  test('every status that systemd names has a cause of its own, with and without the unit', () => {
    const generic = explain('exit-code', 99).cause.replace('99', '');
    for (let status = 200; status <= 245; status += 1) {
      const name = exitStatusName(status);
      for (const unit of [null, service]) {
        const { cause, fix } = explain('exit-code', status, unit);
        expect(cause.startsWith(generic.slice(0, 30)), `${status} ${name}`).toBe(name === null);
        expect(`${cause} ${fix}`).not.toContain('undefined');
      }
    }
  });

  test('everything is said in whole sentences', () => {
    const results = ['success', 'exit-code', 'signal', 'resources', 'timeout', 'watchdog', 'protocol', 'new-word'];
    for (const result of results) {
      for (let status = 0; status < 256; status += 1) {
        const { cause, fix } = explain(result, status);
        expect(cause).toMatch(/^[A-Z].*[.)]$/);
        expect(fix).toMatch(/^[A-Z].*\.$/);
      }
    }
  });
});
