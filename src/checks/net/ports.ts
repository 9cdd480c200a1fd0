import { isIP } from 'node:net';
import { z } from 'zod';
import { sh } from '../../shell/sh.ts';
import { defineCheck } from '../define.ts';
import { excerpt, placeOf } from '../detail.ts';
import { port, retries, retryForOf } from '../fields.ts';
import { type Finding, verdictOf } from '../judge.ts';

const PLACE = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+|\*)):(\d{1,5})$/;

const isPlace = (text: string) => {
  const [, six, four, number] = PLACE.exec(text) ?? [];
  return port.safeParse(Number(number)).success && (four === '*' || isIP(six ?? four ?? '') !== 0);
};

const place = z.union([
  port,
  z.string().refine(isPlace, 'must be a port, or address:port such as 127.0.0.1:8000, [::1]:8000 or *:443'),
]);

const listener = z.union([
  place,
  z.strictObject({
    port: place.meta({ description: 'A place, as above.' }),
    by: z
      .string()
      .min(1)
      .max(255)
      .meta({
        description: 'The unit, the account or the program that must be the one.',
        examples: ['jarvis.service'],
      }),
  }),
]);

const schema = z
  .strictObject({
    open: z.array(listener).min(1).max(100).meta({ description: 'Where somebody must listen.' }).optional(),
    local: z
      .array(port)
      .min(1)
      .max(100)
      .meta({ description: 'Ports that may be listened on by 127.0.0.1 and ::1 only.', examples: [[6379]] })
      .optional(),
    closed: z.array(place).min(1).max(100).meta({ description: 'Where nobody may listen.' }).optional(),
    otherwise: z
      .enum(['warn', 'critical'])
      .meta({ description: 'How bad it is that it is not so.' })
      .default('critical'),
    ...retries,
  })
  .check((context) => {
    const { open = [], local = [], closed = [] } = context.value;
    const wrong = (key: string, message: string) =>
      context.issues.push({ code: 'custom', input: context.value, path: [key], message });
    if (open.length + local.length + closed.length === 0) wrong('open', 'local or closed must be there');
    const never = closed.find((one) => open.some((other) => String(placeIn(other)) === String(one)));
    if (never !== undefined) wrong('closed', `must not name ${never}, which open names too`);
  })
  .meta({ examples: [{ open: [{ port: 8000, by: 'jarvis.service' }], local: [6379], closed: [23] }] });

type Listener = z.infer<typeof listener>;

const placeIn = (one: Listener): string | number => (typeof one === 'object' ? one.port : one);

/** An address, or null for any. */
type Place = { readonly address: string | null; readonly port: number };

function parsePlace(text: string | number): Place {
  const [, six, four = null, number] = PLACE.exec(String(text)) ?? [];
  if (number === undefined) return { address: null, port: Number(text) };
  return { address: six === undefined ? four : normalSix(six), port: Number(number) };
}

/** All of a way to write an address in one. */
const normalSix = (text: string): string => new URL(`http://[${text}]/`).hostname.slice(1, -1);

/** Somebody who listens. */
export type Listening = {
  readonly address: string;
  readonly port: number;
  readonly by: readonly string[];
  readonly words: string;
};

const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0');

/** Who listens on the host where somebody must, and where nobody should. Asked of the kernel; nothing is connected to. */
export const ports = defineCheck({
  kind: 'ports',
  about:
    'Somebody listens on all of `open`, nobody on `closed`, and on `local` nobody whom others can reach. Asked of the kernel, nothing is connected to. A place is `8000`, `127.0.0.1:8000` or `*:443`.',
  schema,
  label(spec) {
    const { open = [], local = [], closed = [] } = spec;
    const said = [
      ...(open.length > 0 ? [`open ${open.map(placeIn).join(', ')}`] : []),
      ...(local.length > 0 ? [`local ${local.join(', ')}`] : []),
      ...(closed.length > 0 ? [`closed ${closed.join(', ')}`] : []),
    ];
    return excerpt(`ports ${said.join('; ')}`);
  },
  retryForMs: (spec) => retryForOf(spec),
  quotes: 'never',

  asks({ open = [], local = [], closed = [] }) {
    const asked = [...open.map(placeIn), ...local, ...closed].map((one) => hex(parsePlace(one).port));
    return { script: sh`tell_ports ${[...new Set(asked)]}`, withinMs: 60_000 };
  },

  judge({ open = [], local = [], closed = [], otherwise }, { text }) {
    if (/^hidden$/m.test(text)) return { ok: true, warning: true, detail: 'the host does not tell who listens' };
    const found = parsePorts(text);
    const at = ({ address, port }: Place) =>
      found.filter((one) => one.port === port && (address === null || covers(one.address, address)));
    const who = (list: readonly Listening[]) => list.map(({ words }) => words).join(' and ');
    const wrong = (text: string): Finding => ({ level: otherwise, text });
    return verdictOf([
      ...open.map((one): Finding => {
        const wanted = parsePlace(placeIn(one));
        const there = at(wanted);
        if (there.length === 0) return wrong(`nobody listens on ${placeIn(one)}`);
        if (typeof one !== 'object') return { level: 'ok', text: who(there) };
        if (there.some(({ by }) => by.includes(one.by))) return { level: 'ok', text: who(there) };
        return wrong(`not ${excerpt(one.by)} listens on ${placeIn(one)}, but ${who(there)}`);
      }),
      ...local.map((port): Finding => {
        const open = found.filter((one) => one.port === port && !isLoopback(one.address));
        return open.length === 0
          ? { level: 'ok', text: `${port} only from the host itself` }
          : wrong(`${who(open)}, which others than the host can reach`);
      }),
      ...closed.map((one): Finding => {
        const there = at(parsePlace(one));
        return there.length === 0
          ? { level: 'ok', text: `${one} closed` }
          : wrong(`nobody should listen on ${one}, but ${who(there)}`);
      }),
    ]);
  },
});

const ANY = ['0.0.0.0', '::'];

const isLoopback = (address: string) => address.startsWith('127.') || address === '::1';

/** Whether who listens on an address can be reached by another one; `*` stands for all. */
const covers = (listens: string, wanted: string): boolean =>
  wanted === '*'
    ? ANY.includes(listens)
    : listens === wanted || listens === '::' || (listens === '0.0.0.0' && isIP(wanted) === 4);

export function parsePorts(text: string): readonly Listening[] {
  const owners = new Map(
    [...text.matchAll(/^owned (\d{1,10}) (\S+)$/gm)].map(([, uid = '', name = '']) => [uid, name]),
  );
  const holders = [...text.matchAll(/^held (\d{1,20}) (\d{1,10}) (\S+) (.*)$/gm)];
  return [...text.matchAll(/^listen ([0-9A-F]{8}|[0-9A-F]{32}) ([0-9A-F]{4}) (\d{1,10}) (\d{1,20})$/gm)].map(
    ([, raw = '', number = '', uid = '', inode = '']) => {
      const held = holders.filter(([, of]) => of === inode);
      const account = owners.get(uid) ?? uid;
      const address = addressOf(raw);
      const port = Number.parseInt(number, 16);
      const [, , pid, unit = '-', name = ''] = held[0] ?? [];
      const process =
        pid === undefined
          ? `a process of ${account}`
          : `${name} (pid ${pid}${unit === '-' ? '' : `, ${unit}`}, ${account})`;
      return {
        address,
        port,
        by: [account, ...held.flatMap(([, , , unit = '', name = '']) => [unit, name])],
        words: excerpt(`${process} listens on ${placeOf(address, port)}`),
      };
    },
  );
}

/** The kernel shows each word of 32 bits as a number of the machine, and all that run fleet's hosts have the low byte first. */
function addressOf(raw: string): string {
  const bytes = (raw.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  const four = (from: number) =>
    bytes
      .slice(from, from + 4)
      .map((byte) => Number.parseInt(byte, 16))
      .join('.');
  if (bytes.length === 4) return four(0);
  if (raw.startsWith('0000000000000000FFFF0000')) return four(12);
  return normalSix((bytes.join('').match(/.{4}/g) ?? []).join(':'));
}
