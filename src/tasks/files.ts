import { z } from 'zod';
import { EMPTY_TASK_PLAN, type LiveFile } from '../model/plan.ts';
import { defineTask, InputError } from './define.ts';
import { accountName, anyPath, distinct, fileMode, isAbsolute, localPath, octal } from './fields.ts';
import { liveFiles, openMode, parseFiles, probeFiles, reservedPath } from './live-file.ts';

const unitToNotify = z
  .string()
  .max(255)
  .regex(/^[\w][\w:.\\@-]*\.(service|socket|timer)$/, 'must be a unit with its suffix, such as nginx.service');

const entry = z
  .strictObject({
    from: localPath.meta({ description: 'File on this machine, relative to the project.' }).optional(),
    content: z.string().meta({ description: 'Its text, in place of `from`; placeholders are filled.' }).optional(),
    to: anyPath.meta({
      description: 'In the release, or absolute for a file outside of it.',
      examples: ['config.toml'],
    }),
    mode: fileMode.meta({ description: 'In quotes.', examples: ['0640'] }).default('0644'),
    owner: accountName
      .meta({ description: 'For an absolute `to`; by default the account whose folder it is in, else root.' })
      .optional(),
    group: accountName.meta({ description: 'For an absolute `to`; by default root.' }).optional(),
    template: z.boolean().meta({ description: 'Whether {{ name }} in the file is filled.' }).default(false),
    restart: unitToNotify
      .meta({
        description: 'A unit of the host that is restarted when the file is added, changed or removed.',
        examples: ['systemd-journald.service'],
      })
      .optional(),
    reload: unitToNotify
      .meta({ description: 'The same, for a unit that can reload.', examples: ['nginx.service'] })
      .optional(),
  })
  .refine(({ from, content }) => (from === undefined) !== (content === undefined), 'must have either from or content')
  .refine(
    ({ content, template }) => content === undefined || !template,
    'must not have template with content, which is filled already',
  )
  .refine(
    ({ to, owner, group }) => isAbsolute(to) || (owner === undefined && group === undefined),
    'must not have an owner or group with a path in the release, which belongs to root',
  )
  .refine(
    ({ restart, reload }) => restart === undefined || reload === undefined,
    'must not have both restart and reload',
  )
  .refine(
    ({ to, restart, reload }) => isAbsolute(to) || (restart === undefined && reload === undefined),
    'must not have restart or reload with a path in the release, which only the app reads',
  )
  .refine(
    ({ to }) => isAbsolute(to) || !/(^|\/)\.env[^/]*$/.test(to),
    'must not be a .env file, which the env task alone writes',
  );

const schema = distinct(entry, ({ to }) => to).min(1);

const CRLF_SCRIPT = /^#![^\n]*\r\n/;

function notifyOf(restart: string | undefined, reload: string | undefined): LiveFile['notify'] {
  if (restart !== undefined) return { unit: restart, verb: 'restart' };
  return reload === undefined ? null : { unit: reload, verb: 'reload-or-restart' };
}

/** Single files: in the release, or outside of it and then installed by activation like a unit. */
export const files = defineTask({
  kind: 'files',
  about: 'Single files, text or not: in the release, or anywhere else as part of the generation.',
  schema,

  async local(list, io, layout) {
    return Promise.all(
      list.map(async ({ from, content = '', to, template, ...rest }) => {
        const why = isAbsolute(to) ? reservedPath(to, layout) : null;
        if (why !== null) throw new InputError(`${to} cannot be a file of the playbook: ${why}`);
        if (from === undefined) return { ...rest, to, content };
        const whole = template ? io.fill(await io.read(from), from) : await io.bytes(from);
        if (typeof whole === 'string' && CRLF_SCRIPT.test(whole)) {
          io.warn(`${from}: the #! line ends with CRLF, so no host finds its interpreter: save it with LF line ends`);
        }
        return { ...rest, to, content: whole };
      }),
    );
  },

  probe(list) {
    const outside = list.filter(({ to }) => isAbsolute(to)).map(({ to }) => to);
    return outside.length > 0 ? probeFiles(outside) : null;
  },
  parse: parseFiles,

  plan({ local }, facts, context) {
    const { host } = context;
    const readable = host.uid === 0 && host.init.known && host.init.value === 'systemd';
    const outside = local.filter(({ to }) => isAbsolute(to));
    const wanted = outside.map(({ restart, reload, ...file }) => ({
      ...file,
      notify: readable ? notifyOf(restart, reload) : null,
    }));
    return {
      ...EMPTY_TASK_PLAN,
      ...liveFiles(wanted, facts, context),
      stage: local
        .filter(({ to }) => !isAbsolute(to))
        .map(({ to, content, mode }) => ({
          id: `files:${to}`,
          title: `write ${to}`,
          do: 'put',
          to,
          content,
          mode: octal(mode),
        })),
      warnings: local.flatMap(({ to, mode, restart, reload }) => [
        ...openMode({ to, mode }),
        ...(notifyOf(restart, reload) === null || readable
          ? []
          : [
              `${restart ?? reload} is not ${restart === undefined ? 'reloaded' : 'restarted'} when ${to} changes: that needs systemd and root`,
            ]),
      ]),
    };
  },
});
