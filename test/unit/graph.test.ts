import { describe, expect, test } from 'vitest';
import { expandServices, partOfMembers } from '../../src/unit/graph/graph.ts';
import { file } from './sample.ts';

const unit = (path: string, lines: string, install = '') =>
  file(path, `[Unit]\n${lines}\n[Service]\nExecStart=/bin/x\n[Install]\n${install}\n`);
const target = (path: string, lines: string, install = 'WantedBy=multi-user.target') =>
  file(path, `[Unit]\n${lines}\n[Install]\n${install}\n`);

describe('what an enabled set comes to', () => {
  const split = [
    target('jarvis.target', 'Wants=jarvis-telegram.service'),
    unit('jarvis-twitter.service', 'PartOf=jarvis.target\nAfter=jarvis-telegram.service', 'WantedBy=jarvis.target'),
    unit('jarvis-telegram.service', 'PartOf=jarvis.target'),
    unit('jarvis.service', '', 'WantedBy=multi-user.target'),
  ];

  test('a target pulls in what it wants and what asks for it, and comes after them', () => {
    expect(expandServices(split, ['jarvis.target'])).toEqual({
      start: ['jarvis-telegram.service', 'jarvis-twitter.service', 'jarvis.target'],
      enable: ['jarvis.target', 'jarvis-twitter.service'],
      missing: [],
      problems: [],
    });
  });

  test('a target and some of those that ask for it: only these', () => {
    const members = ['a', 'b', 'c'].map((name) => unit(`${name}.service`, 'PartOf=all.target', 'WantedBy=all.target'));
    const whole = [target('all.target', ''), ...members];
    expect(expandServices(whole, ['all.target', 'c.service', 'a.service'])).toEqual({
      start: ['c.service', 'a.service', 'all.target'],
      enable: ['all.target', 'c.service', 'a.service'],
      missing: [],
      problems: [],
    });
    expect(expandServices(whole, ['all.target']).enable).toHaveLength(4);
  });

  test('nothing else of the set is started', () => {
    expect(expandServices(split, ['jarvis']).start).toEqual(['jarvis.service']);
    expect(expandServices(split, []).start).toEqual([]);
  });

  test('a unit that nothing starts with its target is named', () => {
    const lonely = [target('a.target', ''), unit('b.service', 'PartOf=a.target')];
    expect(expandServices(lonely, ['a.target']).problems).toEqual([
      'b.service is part of a.target, but nothing starts it: add WantedBy=a.target to [Install]',
    ]);
    expect(partOfMembers(lonely, ['b.service'], 'a.target')).toEqual(['b.service']);
  });

  test('an unknown name stays in the set and is named', () => {
    expect(expandServices(split, ['nginx.service'])).toMatchObject({
      start: ['nginx.service'],
      missing: ['nginx.service'],
    });
  });
});

describe('instances of a template', () => {
  const lab = [
    target('lab.target', ''),
    unit('coordinator.service', '', 'WantedBy=lab.target'),
    unit(
      'x@.service',
      'PartOf=lab.target\nAfter=coordinator.service\nRequires=x-store@%i.service',
      'WantedBy=lab.target',
    ),
    unit('x-store@.service', ''),
  ];

  test('are made from the name, with what they themselves require', () => {
    const { start, problems } = expandServices(lab, ['x@b.service', 'x@a.service', 'lab.target']);
    expect(start).toEqual([
      'coordinator.service',
      'x@b.service',
      'x-store@b.service',
      'x@a.service',
      'x-store@a.service',
      'lab.target',
    ]);
    expect(problems).toEqual([]);
  });

  test('need a name', () => {
    expect(expandServices(lab, ['x@.service'])).toMatchObject({
      start: [],
      enable: [],
      problems: ['x@.service is a template: name an instance, such as x@1.service'],
    });
  });

  test('have the default one where the template names it', () => {
    const one = [unit('y@.service', '', 'WantedBy=z.target\nDefaultInstance=main'), target('z.target', '')];
    expect(expandServices(one, ['z.target']).start).toEqual(['y@main.service', 'z.target']);
    expect(expandServices(one, ['y@.service']).enable).toEqual(['y@main.service']);
  });
});

describe('the start order', () => {
  test('follows After= and Before=, and otherwise the order given', () => {
    const units = [
      unit('a.service', 'After=c.service'),
      unit('b.service', ''),
      unit('c.service', ''),
      unit('d.service', 'Before=b.service'),
    ];
    expect(expandServices(units, ['a', 'b', 'c', 'd']).start).toEqual([
      'c.service',
      'a.service',
      'd.service',
      'b.service',
    ]);
  });

  test('a member that waits for its target comes after it', () => {
    const units = [target('t.target', 'Wants=m.service'), unit('m.service', 'After=t.target')];
    expect(expandServices(units, ['t.target'])).toMatchObject({ start: ['t.target', 'm.service'], problems: [] });
  });

  test('a circle is named, and all of it is still started once', () => {
    const units = [
      unit('a.service', 'After=b.service'),
      unit('b.service', 'After=c.service'),
      unit('c.service', 'After=a.service'),
    ];
    const { start, problems } = expandServices(units, ['a', 'b', 'c']);
    expect([...start].sort()).toEqual(['a.service', 'b.service', 'c.service']);
    expect(problems).toEqual([
      'After= and Before= go round in a circle: a.service → b.service → c.service → a.service',
    ]);
  });
});
