import { closest } from 'fastest-levenshtein';
import { z } from 'zod';
import { EMPTY_TASK_PLAN, type UnitFile } from '../model/plan.ts';
import { assigned, effectiveUnit } from '../unit/settings/effective.ts';
import { instantiate, isTemplate, templateOf } from '../unit/syntax/name.ts';
import { defineTask, InputError, type LocalIo } from './define.ts';
import { distinct, localPath } from './fields.ts';

const SUFFIX = '(service|target|timer|socket|path|slice|mount)';
const UNIT = new RegExp(String.raw`^[\w:\\][\w:.\\@-]*\.${SUFFIX}$`);
const DROP_IN = new RegExp(String.raw`^[\w:\\][\w:.\\@-]*\.${SUFFIX}\.d/\w[\w:.\\@+-]*\.conf$`);
/** Logrotate files have a task of their own; the rest is what editors, patches and people leave beside units. */
const BESIDE = /\.logrotate$|(^|\/)\.|~$|\.(bak|orig|rej|swp|tmp|old|md)$|(^|\/)README$/;

const unitWithSuffix = z.string().max(255).regex(UNIT, 'must be a unit with its suffix, such as jarvis.service');

const schema = z.strictObject({
  from: localPath.meta({ description: 'A folder of units and drop-ins, or one unit.', examples: ['units/jarvis'] }),
  enable: distinct(unitWithSuffix, (name) => name)
    .meta({
      description:
        'Units that run, and start at boot once they were healthy, in order. A target brings all that ask for it, or, where some of those are named too, only these.',
      examples: [['jarvis.service']],
    })
    .default([]),
  restart: z
    .record(unitWithSuffix, z.enum(['always', 'reload']))
    .meta({
      description:
        'Units or templates that do otherwise than to restart when something that they use has changed: always at each ' +
        'deploy, or only reload when that is a settings file which they can read anew.',
      examples: [{ 'api.service': 'reload' }],
    })
    .default({}),
  template: z.boolean().meta({ description: 'Whether {{ name }} in the files is filled.' }).default(false),
  maxExposure: z
    .number()
    .min(0)
    .max(10)
    .meta({
      description:
        "The most that the host's `systemd-analyze security` may say of each of these services once it runs; above it the deploy goes back.",
      examples: [2],
    })
    .optional(),
});

/** The first systemd that assesses services. */
const ASSESSES = 240;

async function listUnits(from: string, io: LocalIo): Promise<readonly { path: string; file: string }[]> {
  const base = from.slice(from.lastIndexOf('/') + 1);
  if (UNIT.test(base)) return [{ path: base, file: from }];
  const listed = (await io.list(from)).filter((path) => !BESIDE.test(path));
  const wrong = listed.filter((path) => !UNIT.test(path) && !DROP_IN.test(path));
  if (wrong.length > 0) {
    throw new InputError(
      `${from} holds what is no unit, drop-in (name.service.d/x.conf) or logrotate file: ${wrong.join(', ')}. Units end ` +
        'in .service .target .timer .socket .path .slice or .mount, and their names are letters, digits and "_:.@-" with no ' +
        '"-" first; keep anything else in another folder',
    );
  }
  if (listed.length === 0) throw new InputError(`${from} holds no unit files`);
  return listed.map((path) => ({ path, file: `${from.replace(/\/+$/, '')}/${path}` }));
}

function checkText(text: string, file: string): string {
  const what = text.includes('\0') ? 'holds a NUL character' : text.includes('\uFFFD') ? 'is not valid UTF-8' : null;
  if (what !== null) throw new InputError(`${file} ${what}; systemd would not read it`);
  return text;
}

function checkEnabled(from: string, enable: readonly string[], units: readonly UnitFile[]): void {
  const names = units.map(({ path }) => path).filter((path) => UNIT.test(path));
  for (const unit of enable) {
    if (isTemplate(unit))
      throw new InputError(`${unit} is a template: enable an instance, such as ${instantiate(unit, '1')}`);
    if (names.includes(unit) || names.includes(templateOf(unit) ?? unit)) continue;
    const near = names.length === 0 ? '' : `; did you mean ${closest(unit, names)}?`;
    throw new InputError(`${unit} is to be enabled, but ${from} holds no such unit${near}`);
  }
}

/** Who has `restart: reload` must have a way to be told. */
function checkRestart(from: string, restart: Readonly<Record<string, string>>, units: readonly UnitFile[]): void {
  const names = units.map(({ path }) => path).filter((path) => UNIT.test(path));
  for (const [name, how] of Object.entries(restart)) {
    const unit = effectiveUnit(units, name);
    if (unit === null) {
      const near = names.length === 0 ? '' : `; did you mean ${closest(name, names)}?`;
      throw new InputError(`restart names ${name}, but ${from} holds no such unit${near}`);
    }
    if (how !== 'reload') continue;
    const notifies = assigned(unit, 'Service', 'Type').at(-1)?.value === 'notify-reload';
    if (!notifies && assigned(unit, 'Service', 'ExecReload').length === 0)
      throw new InputError(
        `restart: ${name} cannot be reloaded: it has no ExecReload= and is not Type=notify-reload; add one of them, or ` +
          'take it out of restart',
      );
  }
}

/** systemd units and drop-ins; without systemd the nohup runtime reads the same files. */
export const units = defineTask({
  kind: 'units',
  about:
    "Unit files and drop-ins, and which of them run. What an enabled socket, timer or path starts is the app's too.",
  schema,

  async local({ from, enable, restart, template }, io) {
    const read = await Promise.all(
      (await listUnits(from, io)).map(async ({ path, file }) => {
        const text = checkText(await io.read(file), file);
        return { file, path, text: template ? io.fill(text, file) : text };
      }),
    );
    checkEnabled(from, enable, read);
    checkRestart(from, restart, read);
    return read;
  },

  declares: ({ spec, local }) => ({ units: local, enable: spec.enable }),
  probe: () => null,
  parse: () => null,

  plan({ spec: { enable, restart, maxExposure: most }, local }, _facts, { host, runtime }) {
    const systemd = runtime === 'systemd';
    const services = local.filter(({ path }) => path.endsWith('.service'));
    const assessed = systemd && host.systemdVersion >= ASSESSES;
    return {
      ...EMPTY_TASK_PLAN,
      units: local.map(({ path, text }) => ({ path, text })),
      enable,
      exposure: most !== undefined && assessed ? services.map(({ path }) => ({ unitFile: path, most })) : [],
      restart: Object.entries(restart).map(([unit, how]) => ({ unit, how })),
      warnings:
        most === undefined || assessed
          ? []
          : [
              `maxExposure is not checked: ${systemd ? `systemd ${host.systemdVersion} cannot assess services` : 'without systemd there is no sandbox'}`,
            ],
      unsupported:
        systemd && host.uid !== 0 ? ['root, to install units; without it the app can run with `runtime: nohup`'] : [],
    };
  },
});
