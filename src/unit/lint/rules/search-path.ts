import { warning } from '../finding.ts';
import type { Rule } from '../subject.ts';

/** search-path: a PATH of one folder hides every tool of the system. */
export const searchPath: Rule = ({ services, place }) =>
  services.flatMap(({ service, all }) => {
    const path = service.environment.find(([name]) => name === 'PATH')?.[1];
    if (path === undefined || path.split(':').some((folder) => /^(\/usr)?\/bin\/?$/.test(folder))) return [];
    const at = all('Environment').find(({ value }) => value.includes('PATH=')) ?? { file: service.name, line: 0 };
    return [
      warning('search-path', place(at, 'value'), {
        message: 'PATH has neither /usr/bin nor /bin',
        why: 'Environment= replaces the path that systemd gives, so the service finds no tool of the system: git, ffmpeg, sh, env',
        fix: `write PATH=${path}:/usr/local/bin:/usr/bin:/bin`,
      }),
    ];
  });
