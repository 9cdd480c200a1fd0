import { z } from 'zod';
import type { Layout } from '../model/layout.ts';
import { EMPTY_TASK_PLAN, type PrepareStep } from '../model/plan.ts';
import type { PlanContext } from '../model/task.ts';
import { Script } from '../shell/sh.ts';
import { defineTask } from './define.ts';
import { accountName, anyPath, distinct, folderMode, isAbsolute, octal, showMode } from './fields.ts';
import { ancestors, createFolder, type Found, parseFolders, probeFolders, repairFolder } from './folder.ts';
import { type Place, parsePlaces, placeFor, probePlace } from './place.ts';

const entry = z.strictObject({
  path: anyPath.meta({ description: "Absolute, or relative to the app's root.", examples: ['/var/log/jarvis'] }),
  owner: accountName.meta({ description: 'By default the service user.' }).optional(),
  group: accountName.meta({ description: "By default the owner's own group." }).optional(),
  mode: folderMode.meta({ description: 'In quotes.', examples: ['0750'] }).default('0755'),
});

const schema = distinct(entry, ({ path }) => path).min(1);

/** What was found at each part of a path, and who keeps the folder that it stands in. */
type Look = { readonly found: readonly Found[]; readonly place: Place | undefined };

type Planned = { readonly step: PrepareStep } | { readonly needs: string } | null;

const absolute = (path: string, layout: Layout) => (isAbsolute(path) ? path : `${layout.root}/${path}`);

/** What keeps a path from being a folder, or null. */
function obstacle(path: string, found: readonly Found[]): string | null {
  for (const [i, part] of ancestors(path).entries()) {
    const here = found[i];
    if (here === undefined) return `a look at ${part}`;
    if (here.state === 'other') return `a folder at ${part}, where something else stands`;
    if (here.state === 'link' && part === path) return `a folder at ${part}, where a symbolic link stands`;
  }
  return null;
}

function planFolder(spec: z.infer<typeof entry>, { found, place }: Look, { host, layout }: PlanContext): Planned {
  const path = absolute(spec.path, layout);
  const root = host.uid === 0;
  const owner = spec.owner ?? (root ? (layout.user ?? 'root') : host.user);
  // The root below somebody's home is root's all the same: fleet stands in it, whatever its name leads to.
  const home = path === layout.root && place?.keeper === 'account';
  const needs = obstacle(path, found) ?? (root && !home ? placeFor(path, owner, place) : null);
  if (needs !== null) return { needs };

  const want = { path, owner, group: spec.group ?? null, mode: octal(spec.mode), chown: root };
  const words = `${path} (${showMode(want.mode)} ${owner}${want.group === null ? '' : `:${want.group}`})`;
  const step = { id: `directories:${path}`, timeoutMs: 60_000 };
  const here = found.at(-1);
  if (here === undefined || here.state === 'none') {
    if (!root && owner !== host.user) return { needs: `root, to make ${words}` };
    const missing = ancestors(path).filter((_part, i) => found[i]?.state === 'none');
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
  about:
    'Folders on the live host. No symbolic link of anybody but root is followed, and below a folder of an account only that account can own one.',
  schema,
  local: async () => undefined,
  declares: ({ spec }, layout) => ({
    folders: spec.map(({ path, owner, mode }) => ({
      path: absolute(path, layout),
      owner: owner ?? layout.user ?? 'root',
      mode: octal(mode),
    })),
  }),
  probe(list, layout) {
    const paths = list.map(({ path }) => absolute(path, layout));
    return Script.join([probeFolders(paths), ...paths.map((path, i) => probePlace(i, path))], '\n');
  },
  parse: (stdout) => ({ folders: parseFolders(stdout), places: parsePlaces(stdout) }),

  plan({ spec: list }, { folders, places }, context) {
    const look = (i: number): Look => ({ found: folders[i] ?? [], place: places[i] });
    const planned = list.map((spec, i) => planFolder(spec, look(i), context)).filter((one) => one !== null);
    return {
      ...EMPTY_TASK_PLAN,
      prepare: planned.flatMap((one) => ('step' in one ? [one.step] : [])),
      unsupported: planned.flatMap((one) => ('needs' in one ? [one.needs] : [])),
    };
  },
});
