import { stateFolder } from '../../host/layout.ts';
import type { Layout } from '../../model/layout.ts';
import type { UnitFile } from '../../model/plan.ts';
import { fileIn, READ_BY_ROOT } from '../../unit/settings/opened.ts';

/** What systemd itself opens for a service, as root, before it becomes the service's user. */
const OPENED = new RegExp(
  `^\\s*(${[...READ_BY_ROOT, 'StandardOutput', 'StandardError'].join('|')})\\s*=\\s*(.*?)\\s*$`,
);

/** Where the active settings stand for systemd when the root's own name cannot be trusted. */
const keptEnv = (layout: Layout): string => `${stateFolder(layout, 0)}/env`;

/**
 * The units of an app whose root lies below a folder of an account. That account can turn the root's name elsewhere, and
 * systemd would read as root whatever is there, another app's secrets too. So it reads the app's `.env` from fleet's own
 * folder; what else it opens below the root is warned of.
 */
export function withKeptEnv(
  units: readonly UnitFile[],
  layout: Layout,
  account: string,
): { readonly units: readonly UnitFile[]; readonly warnings: readonly string[] } {
  const own = new Set([`${layout.root}/.env`, `${layout.current}/.env`]);
  const warnings: string[] = [];
  const kept = units.map((unit) => {
    const lines = unit.text.split('\n').map((line) => {
      const [, key = '', value = ''] = OPENED.exec(line) ?? [];
      const path = fileIn(value) ?? '';
      if (key === 'EnvironmentFile' && own.has(path)) return line.replace(path, keptEnv(layout));
      if (path.startsWith(`${layout.root}/`))
        warnings.push(
          `${unit.path}: systemd opens ${path} (${key}=) as root, and ${account} can turn it elsewhere: put it outside of ${account}'s folders`,
        );
      return line;
    });
    return { ...unit, text: lines.join('\n') };
  });
  return { units: kept, warnings };
}
