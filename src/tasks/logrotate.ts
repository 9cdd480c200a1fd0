import { z } from 'zod';
import { EMPTY_TASK_PLAN } from '../model/plan.ts';
import { defineTask } from './define.ts';
import { localPath } from './fields.ts';

const schema = z
  .union([
    localPath,
    z.strictObject({
      from: localPath.meta({ description: 'A logrotate file.' }),
      template: z.boolean().meta({ description: 'Whether {{ name }} in it is filled.' }).default(false),
    }),
  ])
  .meta({ examples: ['units/jarvis/jarvis.logrotate'] });

/** Rotation of the app's log files, as `/etc/logrotate.d/<app>`. */
export const logrotate = defineTask({
  kind: 'logrotate',
  about:
    "Becomes `/etc/logrotate.d/<name>`; the host's `logrotate -d` reads it beside its other files before the switch.",
  schema,

  async local(spec, io) {
    const { from, template } = typeof spec === 'string' ? { from: spec, template: false } : spec;
    const text = await io.read(from);
    return { file: from, path: from.slice(from.lastIndexOf('/') + 1), text: template ? io.fill(text, from) : text };
  },

  declares: ({ local }) => ({ logrotate: [local] }),
  probe: () => null,
  parse: () => null,

  plan({ local: { text: content } }, _facts, { host, layout }) {
    const path = `/etc/logrotate.d/${layout.app}`;
    if (host.uid !== 0) return { ...EMPTY_TASK_PLAN, warnings: [`${path} is not installed: that needs root`] };
    return {
      ...EMPTY_TASK_PLAN,
      // logrotate skips a file that anybody but root could have written.
      files: [{ path, content, mode: 0o644, owner: 'root', group: 'root', notify: null }],
      warnings: host.tools.has('logrotate')
        ? []
        : ['the host has no logrotate, so nothing rotates the log files unless a `packages` task brings it'],
    };
  },
});
