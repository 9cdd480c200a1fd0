/** `jarvis` → `jarvis.service`, as `systemctl` reads a name without a type. */
export function unitName(name: string): string {
  return TYPES.has(unitType(name)) ? name : `${name}.service`;
}

const TYPES: ReadonlySet<string> = new Set(
  'service socket target timer path mount automount swap slice scope device'.split(' '),
);

/** The part after the last dot: `service`, `target` …; '' when there is none. */
export function unitType(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot === -1 ? '' : name.slice(dot + 1);
}

/** The unit that a file belongs to: itself, or for `x.service.d/y.conf` the unit `x.service`. */
export function unitOfFile(path: string): string {
  return dropInFolder(path) ?? path.slice(path.lastIndexOf('/') + 1);
}

/** `x.service` for the drop-in `x.service.d/y.conf`, `service` for `service.d/y.conf`; null for anything else. */
export function dropInFolder(path: string): string | null {
  return /(?:^|\/)([^/]+)\.d\/[^/]+\.conf$/.exec(path)?.[1] ?? null;
}

/** `x@.service`: a file that only its instances run from. */
export function isTemplate(name: string): boolean {
  return /^[^@]+@\.[^.]+$/.test(name);
}

/** `a-b` of `x@a-b.service`, still escaped; null for a plain unit or a template. */
export function instanceOf(name: string): string | null {
  return /^[^@]+@(.+)\.[^.]+$/.exec(name)?.[1] ?? null;
}

/** `x@.service` for the instance `x@a.service`; null for anything else. */
export function templateOf(name: string): string | null {
  return instanceOf(name) === null ? null : name.replace(/@.*(\.[^.]+)$/, '@$1');
}

/** `x@a.service` for the template `x@.service`. */
export function instantiate(template: string, instance: string): string {
  return template.replace(/@(\.[^.]+)$/, (_, type: string) => `@${instance}${type}`);
}

/** The name without instance and type: `x` of `x@a.service`. */
export function prefixOf(name: string): string {
  return name.replace(/\.[^.]*$/, '').replace(/@.*$/, '');
}

/** Undoes systemd's name escaping: `-` is `/`, `\x2d` is `-`. */
export function unescapeName(text: string): string {
  const bytes = text.replace(/-/g, '/').replace(/(?:\\x[0-9A-Fa-f]{2})+/g, (run) => {
    const codes = run
      .split('\\x')
      .slice(1)
      .map((hex) => Number.parseInt(hex, 16));
    return new TextDecoder().decode(Uint8Array.from(codes));
  });
  return bytes;
}
