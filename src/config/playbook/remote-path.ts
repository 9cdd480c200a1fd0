import { z } from 'zod';

/** Folders of the system itself: an app's root is never one of them. */
const SYSTEM = new Set(
  (
    '/ /bin /boot /dev /etc /home /lib /lib32 /lib64 /libx32 /lost+found /media /mnt /opt /proc /root /run /sbin /snap ' +
    '/srv /sys /tmp /usr /usr/local /var /var/lib /var/log /var/cache /var/spool /var/tmp /var/www /var/opt'
  ).split(' '),
);
/** Below these everything belongs to the system, or to fleet's own state. */
const BELOW =
  /^\/(bin|boot|dev|etc|lib|lib32|lib64|libx32|proc|run|sbin|sys|usr\/(?!local\/)[^/]+|var\/lib\/fleet|var\/run)(\/|$)/;

const NOT_OWN = "must be a folder of the app's own, not one of the system";

/** Why a path cannot be the root of an app; null when it can. */
function rootTrouble(path: string): string | null {
  if (!path.startsWith('/')) return 'must be an absolute path';
  if (path !== '/' && path.endsWith('/')) return 'must not end with "/"';
  const parts = path.slice(1).split('/');
  if (path !== '/' && parts.some((part) => part === '' || part === '.' || part === '..')) {
    return 'must not contain "//", "." or ".."';
  }
  if (SYSTEM.has(path) || BELOW.test(path)) return NOT_OWN;
  if (!/^[A-Za-z0-9_.@+/-]+$/.test(path)) return 'must consist of letters, digits and "_.@+-/"';
  return null;
}

/** Names directly under the root that fleet itself uses. */
const RESERVED = new Set(['releases', 'current', '.env', '.fleet']);

/** Why a path cannot be a data folder; null when it can. */
function dataTrouble(path: string): string | null {
  const parts = path.split('/');
  if (path.startsWith('/')) return 'must be relative to the root';
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'must not contain "//", "." or ".."';
  if (/[\x00-\x1f\x7f]/.test(path)) return 'must not contain control characters';
  if (path !== path.trim()) return 'must not begin or end with a space';
  if (path.startsWith('-')) return 'must not begin with "-"';
  if (RESERVED.has(parts[0] ?? '')) return `must not be "${parts[0]}", which is fleet's own`;
  return null;
}

const pathSchema = (trouble: (path: string) => string | null) =>
  z.string().check(({ value: input, issues }) => {
    const message = trouble(input);
    if (message !== null) issues.push({ code: 'custom', input, message, params: { example: message === NOT_OWN } });
  });

export const rootSchema = pathSchema(rootTrouble);

/** Data folders: none may be, or stand in, another. */
export const dataSchema = z.array(pathSchema(dataTrouble)).check((context) => {
  context.value.forEach((path, i) => {
    const outer = context.value.find((other, j) => (other === path && j < i) || path.startsWith(`${other}/`));
    if (outer === undefined) return;
    const message = outer === path ? `names "${path}" twice` : `has "${path}" inside "${outer}", which is data already`;
    context.issues.push({ code: 'custom', input: context.value, path: [i], message });
  });
});
