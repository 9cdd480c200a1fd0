import { describe, expect, it } from 'vitest';
import { layoutAt, linted, seed, seedUnit, shown } from './sample.ts';

describe('x', () => {
  it('y', () => {
    const j = layoutAt('/home/jarvis/Jarvis', 'jarvis', ['logs', 'data', '.lifeos']);
    console.log(
      shown(
        linted(
          { 'jarvis-supervisor.service': seedUnit('jarvis-supervisor.service') },
          {
            enable: ['jarvis-supervisor.service'],
            envKeys: ['A'],
            logrotate: [{ file: 'units/jarvis.logrotate', path: 'j', text: seed('001-jarvis.logrotate') }],
            folders: [{ path: '/var/log/jarvis', owner: 'jarvis', mode: 0o775 }],
          },
          j,
        ),
      ).join('\n'),
    );
    const a = layoutAt('/var/amarktai/app', 'amarktai', []);
    console.log(
      shown(
        linted(
          {
            'amarktai-api.service': seedUnit('amarktai-api.service'),
            'amarktai-api.service.d/cpu.conf': seed('002-cpu.conf'),
            'amarktai-api.service.d/memory.conf': seed('002-memory.conf'),
            'amarktai-api.service.d/workers.conf': seed('002-workers.conf'),
          },
          { enable: ['amarktai-api.service'], envKeys: ['A'] },
          a,
        ),
      ).join('\n'),
    );
    for (const n of [
      '000-hardening.conf',
      '003-limits.conf',
      '003-hardening.conf',
      '003-latency.conf',
      '003-throughput.conf',
      '004-sandbox.conf',
      '004-gpu.conf',
      '004-cpu.conf',
    ])
      console.log(
        n +
          '\n' +
          shown(
            linted(
              {
                'x.service':
                  '[Service]\nUser=x\nRestartSec=1\nExecStart=/opt/x/current/x --port 9998\nProtectSystem=strict\n',
                [`x.service.d/${n}`]: seed(n),
              },
              {},
              layoutAt('/opt/x', 'x'),
            ),
          ).join('\n'),
      );
  });
});
