import { keysOf } from '../../../src/unit/directives/directives.ts';

/** Values that are right for some keys and wrong for the others: each key is given all of them. */
export const VALUES: readonly string[] = [
  'maybe',
  'yes',
  'no',
  '-1',
  '0',
  '+5',
  '5',
  '100',
  '99999999999999999999',
  '1.5',
  '0x10',
  '5min',
  '5 minuts',
  '512M',
  '4GB',
  '50%',
  '150%',
  'infinity',
  'data/x',
  '/abs/path',
  '/abs/../x',
  '-/opt/x',
  '~',
  'a b',
  '"unclosed',
  '%Q',
  '%i',
  '%n',
  '%%',
  'network',
  'network.target',
  'a.service',
  'a.socket',
  'a.slice',
  'SIGTERM',
  'SIGFOO',
  'strict',
  'full',
  'read-only',
  'tmpfs',
  '@system-service',
  '@nope',
  '~@privileged',
  'read write',
  'raed',
  'CAP_NET_ADMIN',
  'CAP_NOPE',
  'cap_net_admin',
  'AF_INET',
  'AF_NOPE',
  'AF_INET AF_INET6',
  'ipc net',
  'nope',
  'root',
  'corp\\svc',
  '0027',
  '0999',
  'daily',
  'every monday at 3',
  'Mon *-*-* 03:00',
  '127.0.0.1',
  '10.0.0.0/8',
  '10.0.0.0/99',
  'fe80::/10',
  '8080',
  '70000',
  '[::1]:80',
  '/run/x.sock',
  'eth0',
  'A=b',
  'A=b c',
  '=x',
  'EPERM',
  'ENOPE',
  'native',
  'x86-64',
  '/dev/null rw',
  '/dev/null xyz',
  'char-*',
  '/dev/sda 5M',
  '/dev/sda',
  '/a:/b',
  '/a:/b:ro',
  '/a:/b:xx',
  'a:b',
  'x:y:z',
  'cpu memory',
  'cpu nope',
  'inherit',
  'private',
  'main',
  'exec',
  'null',
  'journal',
  'file:/x',
  'file:x',
  'fd:x',
  'emerg',
  'info',
  'daemon',
  'other',
  'idle',
  'realtime',
  '0-3',
  '3-0',
  'ipv4',
  'any',
  'localhost',
  'normal',
  'reboot',
  'reboot-force',
  'poweroff-immediate',
  'fail',
  'replace',
  'none',
  'fifo',
  'rr',
  'https://x.org/y',
  'man:foo(8)',
  'default',
  'init',
  'auto',
  'kill',
  'x y z',
  '/x /y',
  '/x y',
  'sctp',
  'udplite',
  'route',
  'low-delay',
  'keep-caps',
  'sata@1',
  'all',
  '/',
];

/** The kinds of units that a units task takes, with the section of their own. */
const TYPES = {
  Unit: 'service',
  Service: 'service',
  Timer: 'timer',
  Socket: 'socket',
  Path: 'path',
  Mount: 'mount',
  Slice: 'slice',
};

export type Written = {
  readonly name: string;
  readonly section: string;
  readonly key: string;
  readonly values: readonly string[];
  readonly text: string;
};

/** A line that every systemd names, and names last unless it stopped before. */
export const SENTINEL = 'SentinelKey';

const written = (name: string, section: string, key: string, values: readonly string[]): Written => ({
  name,
  section,
  key,
  values,
  text: `[${section}]\n${values.map((value) => `${key}=${value}\n`).join('')}${SENTINEL}=1\n${section === 'Unit' ? '[Service]\nExecStart=/bin/true\n' : ''}`,
});

/** One file for each key, with each value on a line of its own; what sections share is asked of [Service] alone. */
export const filesOfKeys = (values: readonly string[]): readonly Written[] =>
  Object.entries(TYPES).flatMap(([section, type]) =>
    keysOf(section)
      .filter((key) => ['Unit', 'Service'].includes(section) || !keysOf('Service').includes(key) || /^Exec/.test(key))
      .map((key) => written(`k${section}-${key}.${type}`, section, key, values)),
  );

/** The same with a file for each value: systemd stops reading at the first line that it refuses the unit for. */
export const filesOfValues = ({ name, section, key, values }: Written): readonly Written[] =>
  values.map((value, i) => written(name.replace('.', `-${i}.`), section, key, [value]));

/** Units that can be read line by line, and that systemd refuses or cuts down as a whole. */
export const WHOLE: Readonly<Record<string, string>> = {
  'a1.service': '[Service]\nType=oneshot\nRestart=always\nExecStart=/bin/true\n',
  'a3.service': '[Service]\nType=oneshot\nRuntimeMaxSec=3\nExecStart=/bin/true\n',
  'a4.service': '[Service]\nType=oneshot\nRestart=on-success\nExecStart=/bin/true\n',
  'a7.service': '[Service]\nExecStop=/bin/true\n',
  'a8.service': '[Service]\nExecStop=/bin/true\nRemainAfterExit=yes\n',
  'a9.service': '[Unit]\nSuccessAction=reboot\n[Service]\nType=simple\n',
  'b0.service': '[Unit]\nSuccessAction=reboot\n',
  'b1.service': '[Unit]\nSuccessAction=none\n[Service]\nType=oneshot\n',
  'b2.service': '[Service]\nExecStart=/bin/true\nExecStart=/bin/false\n',
  'b3.service': '[Service]\nExecStart=/bin/true ; /bin/false\n',
  'b4.service': '[Service]\nExecStart=/bin/true\nPAMName=x\nKillMode=process\n',
  'a6.service': '[Service]\nType=dbus\nBusName=org.example.App\nExecStart=/bin/true\n',
  'b5.service': '[Service]\nExecStart=/bin/true\nUSBFunctionDescriptors=/x\n',
  'b6.service': '[Service]\nExecStart=/bin/true\nUSBFunctionStrings=/x\n',
  'c3.service': '[Unit]\nAfter=c3.service\n[Service]\nExecStart=/bin/true\n',
  'c6.service': '[Unit]\nAllowIsolate=yes\n',
  'd1.timer': '[Timer]\nPersistent=yes\n',
  'd2.timer': '[Timer]\nOnBootSec=5\nUnit=a8.service\n',
  'd3.timer': '[Timer]\nOnCalendar=nope\nUnit=a8.service\n',
  'd6.timer': '[Timer]\nOnClockChange=yes\nUnit=a8.service\n',
  'e1.socket': '[Socket]\nAccept=no\nService=a8.service\n',
  'e2.socket': '[Socket]\nListenStream=/run/x\nService=a8.service\n',
  'e5.socket': '[Socket]\nListenDatagram=/run/x\nAccept=yes\nService=a8.service\n',
  'f1.path': '[Path]\nUnit=a8.service\n',
  'f2.path': '[Path]\nPathExists=/x\nUnit=a8.service\n',
  'g1.mount': '[Mount]\nWhat=/dev/x\nWhere=/g1\n',
  'g2.mount': '[Mount]\nWhat=/dev/x\nWhere=/other\n',
  'g3.mount': '[Mount]\nWhere=/g3\n',
  'h1.slice': '[Slice]\nMemoryMax=1G\n',
  'i3.service': '[Unit]\nDescription=x\n',
};

const DAYS = ['', 'Mon', 'Fri..Sun', 'mon-fri', 'Monday', 'Sat,', 'Mon..', 'Tue,Thu..Sat', 'Foo'];
const DATES = [
  ...[
    '',
    '*-*-*',
    '2024-1-1',
    '*-02-30',
    '1969-1-1',
    '2200-1-1',
    '*-1,7-5',
    '*-*-1..7',
    '*-*~07/1',
    '*-*~31',
    '*-13-1',
  ],
  ...['5-5', '5', '@123456', '*-*-0', '*-*-7..1', '24-1-1'],
];
const TIMES = [
  ...[
    '',
    '03:00',
    '3:0',
    '*:0/15',
    '*:*:*',
    '12:30:15.5',
    '25:00',
    '12:60',
    '12',
    '0:0:60',
    '1..5/2:0',
    '1/0:0',
    '00:00:00,30',
  ],
  ...['3am', '*/5 * * * *', '0/2:00', '*:1,:0', '1-3:0'],
];
const ZONES = ['', ' UTC', ' Europe/Berlin', 'UTC'];
const NAMES =
  'daily|Daily|hourly|minutely|biweekly|weekly UTC|hourly 5|every monday at 3|@reboot|noon|midnight|Mon 03|12:00 Mon|Mon  03:00|semi-annually|anually|2024/01/01|3:00pm';

/** Calendar expressions, and what somebody may take for one. */
export const CALENDARS: readonly string[] = [
  ...NAMES.split('|'),
  ...DAYS.flatMap((day) =>
    DATES.flatMap((date) => TIMES.map((time) => [day, date, time].filter((part) => part !== '').join(' '))),
  ).flatMap((text, i) => `${text}${ZONES[i % ZONES.length]}`.trim()),
].filter((text, i, all) => text !== '' && all.indexOf(text) === i);
