import { z } from 'zod';
import { EMPTY_TASK_PLAN, type PrepareStep } from '../model/plan.ts';
import type { Layout } from '../model/target.ts';
import type { PlanContext } from '../model/task.ts';
import { Script } from '../shell/sh.ts';
import { defineTask } from './define.ts';
import { accountName, anyPath, distinct, folderMode, isAbsolute, octal, showMode } from './fields.ts';
import { createFolder, type Found, parseFolders, partsOf, probeFolder, repairFolder } from './folder.ts';

const entry = z.strictObject({
  path: anyPath.meta({ description: "Absolute, or relative to the app's root.", examples: ['/var/log/jarvis'] }),
  owner: accountName.meta({ description: 'By default the service user.' }).optional(),
  group: accountName.meta({ description: "By default the owner's own group." }).optional(),
  mode: folderMode.meta({ examples: ['0750'] }).default('0755'),
});

const schema = distinct(entry, ({ path }) => path).min(1);

type Planned = { readonly step: PrepareStep } | { readonly needs: string } | null;

const absolute = (path: string, layout: Layout) => (isAbsolute(path) ? path : `${layout.root}/${path}`);

/** What keeps a path from being a folder that root may go into, or null. */
function obstacle(path: string, found: readonly Found[], root: boolean): string | null {
  for (const [i, part] of partsOf(path).entries()) {
    const here = found[i];
    if (here === undefined) return `a look at ${part}`;
    if (here.state === 'other') return `a folder at ${part}, where something else stands`;
    if (here.state !== 'link') continue;
    if (part === path) return `a folder at ${part}, where a symbolic link stands`;
    if (root && here.uid !== 0) return `a folder at ${part}, where a link stands that ${here.owner} can turn anywhere`;
  }
  return null;
}

function planFolder(spec: z.infer<typeof entry>, found: readonly Found[], { host, layout }: PlanContext): Planned {
  const path = absolute(spec.path, layout);
  const root = host.uid === 0;
  const needs = obstacle(path, found, root);
  if (needs !== null) return { needs };

  const owner = spec.owner ?? (root ? (layout.user ?? 'root') : host.user);
  const want = { path, owner, group: spec.group ?? null, mode: octal(spec.mode), chown: root };
  const words = `${path} (${showMode(want.mode)} ${owner}${want.group === null ? '' : `:${want.group}`})`;
  const step = { id: `directories:${path}`, timeoutMs: 60_000 };
  const here = found.at(-1);
  if (here === undefined || here.state === 'none') {
    if (!root && owner !== host.user) return { needs: `root, to make ${words}` };
    const missing = partsOf(path).filter((_part, i) => found[i]?.state === 'none');
    const makes = { kind: 'folder', name: path } as const;
    return { step: { ...step, title: `create ${words}`, makes, ...createFolder(want, missing) } };
  }
  if (here.owner === owner && here.group === (want.group ?? here.group) && here.mode === want.mode) return null;
  if (!root && (owner !== host.user || here.owner !== owner)) return { needs: `root, to make ${words}` };
  return { step: { ...step, title: `put right ${words}`, ...repairFolder(want, here) } };
}

/** Folders on the live host with owner and mode. What is in them is left alone, and no symbolic link is followed. */
export const directories = defineTask({
  kind: 'directories',
  schema,
  local: async () => undefined,
  declares: ({ spec }, layout) => ({
    folders: spec.map(({ path, owner, mode }) => ({
      path: absolute(path, layout),
      owner: owner ?? layout.user ?? 'root',
      mode: octal(mode),
    })),
  }),
  probe: (list, layout) =>
    Script.join(
      list.map(({ path }, i) => probeFolder(i, absolute(path, layout))),
      '\n',
    ),
  parse: parseFolders,

  plan({ spec: list }, found, context) {
    const planned = list.map((spec, i) => planFolder(spec, found[i] ?? [], context)).filter((one) => one !== null);
    return {
      ...EMPTY_TASK_PLAN,
      prepare: planned.flatMap((one) => ('step' in one ? [one.step] : [])),
      unsupported: planned.flatMap((one) => ('needs' in one ? [one.needs] : [])),
    };
  },
});
