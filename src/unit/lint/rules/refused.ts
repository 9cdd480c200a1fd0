import { kindOf } from '../../directives/directives.ts';
import { assigned, type EffectiveUnit } from '../../settings/effective.ts';
import { parseBoolean, settingsOf } from '../../settings/settings.ts';
import { unescapeName, unitType } from '../../syntax/name.ts';
import { SYSTEM_SPECIFIERS } from '../../syntax/specifiers.ts';
import { isWithin } from '../../values/number.ts';
import { error, type Finding, type Level, warning } from '../finding.ts';
import type { Rule } from '../subject.ts';

type Look = {
  /** Whether a key of the unit's own section has a value that counts. */
  has(key: string): boolean;
  last(key: string): string;
};
type Wrong = readonly [level: Exclude<Level, 'hint'>, message: string];

const TRIGGERS = 'OnActiveSec OnBootSec OnStartupSec OnUnitActiveSec OnUnitInactiveSec OnCalendar'.split(' ');
const WATCHES = 'PathExists PathExistsGlob PathChanged PathModified DirectoryNotEmpty'.split(' ');
const LISTENS = (
  'ListenStream ListenDatagram ListenSequentialPacket ListenFIFO ListenSpecial ListenNetlink ListenMessageQueue ' +
  'ListenUSBFunction'
).split(' ');
const PLAIN = new Set(['ListenDatagram', 'ListenFIFO', 'ListenSpecial', 'ListenNetlink', 'ListenMessageQueue']);

/** Units that systemd refuses as a whole, though each line can be read, and settings without the one they belong to. */
export const refused: Rule = ({ effective, place }) =>
  effective.flatMap((unit) => {
    const own = unitType(unit.name);
    const section = own.charAt(0).toUpperCase() + own.slice(1);
    const look: Look = {
      has: (key) => assigned(unit, section, key).length > 0,
      last: (key) => assigned(unit, section, key).at(-1)?.value ?? '',
    };
    return [...(BY_TYPE[own]?.(look, unit) ?? []), ...itself(unit)].map(([level, message]): Finding => {
      const why = level === 'error' ? 'systemd refuses to load the unit' : 'systemd logs a line and goes on without it';
      return (level === 'error' ? error : warning)('syntax', place({ file: unit.file, line: 0 }), {
        message: `${unit.name}: ${message}`,
        why,
        fix: level === 'error' ? 'add what is missing' : 'remove it, or add what it goes with',
      });
    });
  });

const BY_TYPE: Readonly<Record<string, (look: Look, unit: EffectiveUnit) => readonly Wrong[]>> = {
  service: ({ has, last }) => [
    ...when(last('Type') === 'dbus' && !has('BusName'), 'error', 'Type=dbus needs BusName='),
    ...when(
      has('PAMName') && /^(process|none)$/.test(last('KillMode')),
      'error',
      'PAMName= needs KillMode=control-group or mixed',
    ),
    ...when(
      last('Type') === 'oneshot' && last('ExitType') === 'cgroup',
      'error',
      'ExitType=cgroup is not for Type=oneshot',
    ),
    ...when(
      last('Type') === 'oneshot' && has('RestartForceExitStatus'),
      'warning',
      'RestartForceExitStatus= with Type=oneshot keeps a systemd before 257 from loading the unit',
    ),
    ...when(
      last('Type') === 'oneshot' && has('RuntimeMaxSec'),
      'warning',
      'RuntimeMaxSec= does nothing with Type=oneshot; TimeoutStartSec= does',
    ),
    ...when(
      has('RuntimeRandomizedExtraSec') && !has('RuntimeMaxSec'),
      'warning',
      'RuntimeRandomizedExtraSec= does nothing without RuntimeMaxSec=',
    ),
    ...when(
      has('USBFunctionDescriptors') !== has('USBFunctionStrings'),
      'warning',
      'USBFunctionDescriptors= and USBFunctionStrings= need each other',
    ),
  ],
  timer: ({ has, last }, unit) => {
    const told = ['OnClockChange', 'OnTimezoneChange'].some((key) => parseBoolean(last(key)) === true);
    const counts = TRIGGERS.some((key) => readable(unit, 'Timer', key));
    // Where a value cannot be read, that line says so.
    if (told || counts || TRIGGERS.some(has)) return [];
    return [['error', 'a timer needs OnCalendar=, OnBootSec= or another time']];
  },
  path: ({ has }) =>
    when(!WATCHES.some(has), 'error', `a path unit needs ${WATCHES.join('=, ')}= or more than one of them`),
  socket: ({ has, last }) => {
    const accepts = parseBoolean(last('Accept')) === true;
    return [
      ...when(!LISTENS.some(has), 'error', 'a socket needs ListenStream= or another Listen…='),
      ...when(
        accepts && LISTENS.some((key) => PLAIN.has(key) && has(key)),
        'error',
        'Accept=yes is for connections, so for ListenStream= and ListenSequentialPacket= alone',
      ),
      ...when(
        accepts && has('Service'),
        'error',
        'Accept=yes starts a service of its own for each connection, so Service= has no place',
      ),
      ...when(accepts && isWithin(last('MaxConnections'), 0, 0), 'error', 'MaxConnections=0 takes no connection'),
    ];
  },
  mount: ({ has, last }, { name }) => {
    const where = last('Where').replace(/\/+$/, '');
    const meant = `/${unescapeName(name.replace(/\.mount$/, '')).replace(/^\/+/, '')}`.replace(/\/+$/, '');
    return [
      ...when(!has('What'), 'error', 'a mount needs What='),
      ...when(
        has('Where') && !where.includes('%') && where !== meant,
        'error',
        `Where= must be ${meant || '/'}, which the name of the unit says`,
      ),
    ];
  },
};

const when = (is: boolean, level: Wrong[0], message: string): readonly Wrong[] => (is ? [[level, message]] : []);

const readable = (unit: EffectiveUnit, section: string, key: string) =>
  assigned(unit, section, key).some(({ value }) => kindOf(section, key)?.takes(value) === true);

const ORDER = new Set('After Before Wants Requires Requisite BindsTo PartOf Upholds Conflicts'.split(' '));

/** A unit that depends on itself: mostly a copy of another. */
function itself(unit: EffectiveUnit): readonly Wrong[] {
  const settings = settingsOf(unit, SYSTEM_SPECIFIERS);
  const keys = [...new Set(unit.assignments.filter(({ section }) => section === 'Unit').map(({ key }) => key))];
  return keys
    .filter((key) => ORDER.has(key) && settings.words('Unit', key).includes(unit.name))
    .map((key): Wrong => ['warning', `${key}= names the unit itself, which is dropped`]);
}
