import { isAccount } from '../../settings/account.ts';
import { isVariableName } from '../../settings/environment.ts';
import { wholeNumber } from '../../values/number.ts';
import { blankListOf, kind, listOf, resolved } from './kind.ts';

const UNIT_NAME =
  /^[\w:\-.\\]+(@[\w:\-.\\@]*)?\.(service|socket|target|timer|path|mount|automount|swap|slice|scope|device)$/;

/** Whether a word is the whole name of a unit: systemd adds no suffix to a dependency. */
const isUnitName = (word: string): boolean => word.length < 256 && UNIT_NAME.test(word) && !word.startsWith('@');

export const unitNames = resolved(listOf('the name of a unit with its suffix, such as network.target', isUnitName));
const typed = (type: string) => (word: string) => isUnitName(word) && word.endsWith(`.${type}`);
export const sockets = resolved(listOf('the name of a socket, such as x.socket', typed('socket')));
export const slice = resolved(kind('the name of a slice, such as x.slice', typed('slice')));
export const serviceName = resolved(kind('the name of a service, such as x.service', typed('service')));
export const oneUnit = resolved(kind('the name of a unit with its suffix, such as x.service', isUnitName));

/** Absolute, without `..` and without an empty or endless part. */
export const isPath = (text: string): boolean =>
  text.startsWith('/') && text.length < 4096 && text.split('/').every((name) => name !== '..' && name.length < 256);

export const path = resolved(kind('an absolute path without ".."', isPath));
/** A specifier that stands for nothing takes the path away. */
export const loosePath = resolved(kind('an absolute path without ".."', (value) => value === '' || isPath(value)));
/** Not below what the kernel and the boot make. */
const isOwnPath = (text: string) => isPath(text) && !/^\/+(dev|proc|sys)(\/|$)/.test(text);
export const ownPath = resolved(kind('an absolute path without "..", and not below /dev, /proc or /sys', isOwnPath));
export const optionalPath = resolved(kind('an absolute path without ".."', (value) => isPath(value.replace(/^-/, ''))));
export const paths = resolved(listOf('an absolute path without ".."', isPath));
/** `-` for one that may be absent, `+` for one below the root folder of the service. */
export const markedPaths = resolved(
  listOf('an absolute path without ".."', (word) => isPath(word.replace(/^-?\+?/, ''))),
);
export const searchPaths = resolved(
  kind('absolute paths with ":" between them', (value) => value.split(':').every(isPath)),
);

/** `|` for one of several that must hold, `!` for what must not be. */
export const conditionPath = resolved(
  kind('an absolute path without ".."', (value) => isPath(value.replace(/^\|?\s*!?\s*/, ''))),
);

export const account = resolved(kind('the name or the number of an account', isAccount));
export const accounts = resolved(blankListOf('the name or the number of a group', isAccount));
export const variableNames = resolved(listOf('the name of a variable', isVariableName));
export const variables = resolved(
  listOf('the name of a variable, or NAME=value', (word) => isVariableName(word.replace(/=.*$/s, ''))),
);
export const journalFields = resolved(
  listOf('FIELD=value with a field of capital letters', (word) => /^[A-Z0-9][A-Z0-9_]{0,63}=/.test(word)),
);

/** A folder below /run, /var/lib and the like; `name:link` has a link made to it. */
const isFolderName = (text: string) =>
  text !== '' && !text.startsWith('/') && text.split('/').every((name) => name !== '..' && name.length < 256);
export const folderNames = resolved(
  listOf('a relative path without ".."', (word) => {
    const [folder = '', link = '', flags = '', ...more] = word.split(':');
    const links = word.includes(':') && link !== '' ? isFolderName(link) : true;
    return (
      isFolderName(folder) &&
      folder !== 'private' &&
      !folder.startsWith('private/') &&
      links &&
      more.length === 0 &&
      /^(ro)?$/.test(flags)
    );
  }),
);
export const plainFolderNames = resolved(
  listOf(
    'a relative path without ".."',
    (word) => isFolderName(word) && !word.includes(':') && !/^private(\/|$)/.test(word),
  ),
);

export const busName = resolved(
  kind(
    'a bus name such as org.example.App',
    (value) => value.length < 256 && /^[A-Za-z_-][\w-]*(\.[A-Za-z_-][\w-]*)+$/.test(value),
  ),
);
export const documentation = resolved(
  listOf('an address that begins with https:, http:, file:, info: or man:', (word) =>
    /^(https?:\/\/.|file:\/.|info:.|man:.)/.test(word),
  ),
);
export const descriptorName = resolved(
  kind('a name without ":", of up to 255 letters', (value) => /^[\x20-\x39\x3b-\x7e]{1,255}$/.test(value)),
);
export const device = kind('the name of a network device', (value) => value === '*' || isDevice(value));
const isDevice = (word: string, most = 15) =>
  word.length > 0 &&
  word.length <= most &&
  /^[\x21-\x7e]+$/.test(word) &&
  !/[/:%]|^\.{1,2}$|^(all|default)$/.test(word) &&
  wholeNumber(word) === null &&
  !/^\d+$/.test(word);
export const devices = listOf('the name of a network device', (word) => isDevice(word, 127));
export const groupName = kind('a name without "/"', (value) => !value.includes('/'));
export const credentialNames = kind('a name or a pattern without "/"', (value) => !/[/[]/.test(value));
export const namespaceName = resolved(
  kind('a name of letters, digits and "-_.:@"', (value) => /^[\w.:@-]+$/.test(value)),
);

export const workingFolder = resolved(
  kind('an absolute path, or ~ for the home of the account', (value) => {
    const folder = value.replace(/^-/, '');
    return folder === '~' || isPath(folder);
  }),
);
/** Relative to /run. */
export const pidFile = resolved(
  kind('a path without "..", and not below /dev, /proc or /sys', (value) =>
    isOwnPath(value.startsWith('/') ? value : `/run/${value}`),
  ),
);
