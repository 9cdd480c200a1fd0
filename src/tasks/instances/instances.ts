import type { Layout } from '../../model/layout.ts';
import { EMPTY_TASK_PLAN } from '../../model/plan.ts';
import type { InstanceSet } from '../../model/task.ts';
import { sh } from '../../shell/sh.ts';
import { instantiate } from '../../unit/syntax/name.ts';
import { defineTask, InputError, type LocalIo } from '../define.ts';
import { liveFiles, openMode, parseFiles, probeFiles, reservedPath, type WantedFile } from '../live-file.ts';
import { overHost, overLimits } from './limits.ts';
import { directivesOf, type InstancesSpec, instancesSchema } from './schema.ts';
import { dropInOf, readSettings, resourcesIn, type Settings, type Trouble } from './settings.ts';

type Instance = Settings & { readonly name: string; readonly unit: string; readonly files: readonly WantedFile[] };

/** The units that an `instances` entry enables, in order. */
export const instanceUnits = ({
  of,
  names,
}: Pick<InstanceSet, 'of'> & { readonly names: readonly string[] }): readonly string[] =>
  names.map((name) => instantiate(of, name));

const filled = (text: string, name: string) => text.replaceAll('%i', name);

/** Paths of all files of all instances, in the order in which they are read. */
const filesOf = (spec: InstancesSpec) => spec.names.flatMap((name) => spec.files.map(({ to }) => filled(to, name)));

/** What an instance's own file holds, or the reason that it cannot be read, with what to do. */
async function readOwn<T>(
  read: (path: string) => Promise<T>,
  file: string,
  name: string,
  troubles: Trouble[],
): Promise<T | string> {
  try {
    return await read(file);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const message = `instance ${name}: ${error.message}; write it, or take ${name} out of names`;
    troubles.push({ file, line: 0, message });
    return '';
  }
}

async function readInstance(
  spec: InstancesSpec,
  name: string,
  io: LocalIo,
  layout: Layout,
  troubles: Trouble[],
): Promise<Instance> {
  const unit = instantiate(spec.of, name);
  let settings: Settings = { resources: new Map(), environment: [] };
  if (spec.settings !== undefined) {
    const file = filled(spec.settings, name);
    const read = readSettings(file, await readOwn(io.read, file, name, troubles), directivesOf(spec));
    if (read.ok) settings = read.value;
    else troubles.push(...read.failure);
  }
  const files: WantedFile[] = [];
  for (const { from, to: path, ...rest } of spec.files) {
    const to = filled(path, name);
    const why = reservedPath(to, layout);
    if (why !== null) troubles.push({ file: '', line: 0, message: `${to} cannot be a file of an instance: ${why}` });
    files.push({
      ...rest,
      to,
      content: await readOwn(io.bytes, filled(from, name), name, troubles),
      notify: null,
      of: unit,
    });
  }
  return { ...settings, name, unit, files };
}

/** All troubles at once; the diagnostic stands at the first of them that has a line. @throws InputError */
function refuse(troubles: readonly Trouble[]): never {
  const placed = troubles.find(({ line }) => line > 0);
  const place = ({ file, line }: Trouble) => (line > 0 ? `${file}:${line}: ` : '');
  const rest = troubles.filter((trouble) => trouble !== placed);
  const lines = rest.map((trouble) => place(trouble) + trouble.message);
  if (placed === undefined) throw new InputError(lines.join('\n'));
  throw new InputError([placed.message, ...lines].join('\n'), { file: placed.file, line: placed.line, column: 1 });
}

const dropInPath = (of: string, name: string) => `${instantiate(of, name)}.d/50-fleet-instance.conf`;

const dropIns = (of: string, instances: readonly Instance[]) =>
  instances.flatMap((instance) => {
    const text = dropInOf(instance);
    return text === null ? [] : [{ ...instance, path: dropInPath(of, instance.name), text }];
  });

/** Instances of a service template, each with limits, variables and files of its own. */
export const instances = defineTask({
  kind: 'instances',
  about:
    'Enables an instance of a template for each name, with limits, variables and files of its own. All of it must stay within `atMost`.',
  schema: instancesSchema,

  async local(spec, io, layout) {
    const troubles: Trouble[] = [];
    const read: Instance[] = [];
    for (const name of spec.names) read.push(await readInstance(spec, name, io, layout, troubles));
    if (troubles.length > 0) refuse(troubles);
    const over = overLimits(spec, read);
    if (over.length > 0) throw new InputError(over.join('\n'));
    return read;
  },

  declares: ({ spec, local }) => ({
    units: dropIns(spec.of, local).map(({ path, text, name }) => ({
      file: `${filled(spec.settings ?? '', name)} (as ${path})`,
      path,
      text,
    })),
    enable: instanceUnits(spec),
  }),

  instances: (spec) => ({
    of: spec.of,
    dropIn: (name) => dropInPath(spec.of, name),
    filesOf: (name) => spec.files.map(({ to }) => filled(to, name)),
    most: spec.atMost.instances ?? null,
    over: (all) =>
      overLimits(
        spec,
        all.map(({ name, dropIn }) => ({ name, resources: resourcesIn(dropIn) })),
      ),
  }),

  probe: (spec) => sh`${probeFiles(filesOf(spec))}
sed -n 's/^MemTotal: *\([0-9]*\) kB$/memory \1/p' /proc/meminfo 2>/dev/null
:`,

  /** Where the files go, and how much memory the host has, in bytes; null where it does not tell. */
  parse(stdout) {
    const memory = /^memory (\d+)$/m.exec(stdout)?.[1];
    return { places: parseFiles(stdout), memory: memory ? Number(memory) * 1024 : null };
  },

  plan({ spec, local }, { places, memory }, context) {
    const files = local.flatMap((instance) => instance.files);
    const tooMuch = overHost(spec.of, local, memory);
    const unset = directivesOf(spec).filter(
      ([name]) => local.length > 0 && local.every(({ resources }) => !resources.has(name)),
    );
    return {
      ...EMPTY_TASK_PLAN,
      ...liveFiles(files, places, context),
      units: dropIns(spec.of, local).map(({ path, text }) => ({ path, text })),
      enable: instanceUnits(spec),
      warnings: [
        ...files.flatMap(openMode),
        ...unset.map(([name, key]) => `no instance of ${spec.of} sets ${key}, so none has a ${name}= of its own`),
        ...(tooMuch === null ? [] : [tooMuch]),
      ],
    };
  },
});
