import type { Problem } from '../unit/syntax/problem.ts';

const place = ({ file, line }: Problem) => (line === 0 ? file : `${file}:${line}`);

/** What is wrong with unit files, sorted into what systemd would ignore and what it would refuse; each once. */
export function findings(problems: readonly Problem[]): {
  readonly warnings: readonly string[];
  readonly unsupported: readonly string[];
} {
  const of = (effect: Problem['effect']) => [
    ...new Set(problems.filter((problem) => problem.effect === effect).map((p) => `${place(p)}: ${p.message}`)),
  ];
  return { warnings: of('ignored'), unsupported: of('refused') };
}
