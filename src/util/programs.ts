const SHELL = /^(ba|da|a|k|z|mk)?sh$/;
const INTERPRETER = /^(python|pypy|perl|ruby|node|nodejs|php|lua|luajit|deno|bun|gawk|mawk|awk|java)[\d.]*$/;
/** Whether what has this name runs a program that it is given. */
export const isInterpreter = (name: string): boolean => SHELL.test(name) || INTERPRETER.test(name);
/** Run what their arguments say. */
const WRAPPER = /^(env|nice|ionice|nohup|timeout|setsid|stdbuf|chrt|sudo|busybox|xargs|time|command|exec|eval)$/;
/** Stand before a command in shell text. */
const WORD = /^(if|then|elif|else|while|until|do|!|\{)$/;
const READS = /^(\.|source|cd)$/;

/**
 * The files that a command runs, as far as its words say: its program, the script that an interpreter is given, what a
 * wrapper starts, and the commands in the text of `sh -c`. Bare names are among them.
 */
export function programsOf(argv: readonly string[]): readonly string[] {
  const [program, ...args] = argv;
  if (program === undefined) return [];
  const name = program.slice(program.lastIndexOf('/') + 1);
  if (WRAPPER.test(name)) {
    const from = args.findIndex((word) => !/^(-|[\d.]+[smhd]?$|\w+=)/.test(word));
    return [program, ...(from === -1 ? [] : programsOf(args.slice(from)))];
  }
  const at = args.findIndex((word) => !word.startsWith('-'));
  const script = args[at];
  if (script === undefined) return [program];
  const options = args.slice(0, at);
  if (SHELL.test(name)) return [program, ...(options.some(hasText) ? inText(script) : [script])];
  if (INTERPRETER.test(name)) return [program, ...(options.some(isCode) ? [] : [script])];
  return [program];
}

const hasText = (option: string) => /^-[a-z]*c[a-z]*$/.test(option);
const isCode = (option: string) => /^-(c|e|m|r|-eval|-print|p)$/.test(option);

/** The commands of a shell text; a helper for what people mean, not a reading of all that shells can do. */
const inText = (text: string): readonly string[] =>
  text.split(/[;&|(){}`\n]+/).flatMap((line) => {
    const words = line
      .split(/\s+/)
      .map((word) => word.replace(/^["'$]+|["']+$/g, ''))
      .filter((word) => word !== '');
    const from = words.findIndex((word) => !WORD.test(word) && !/^\w+=/.test(word));
    const [first = '', ...rest] = from === -1 ? [] : words.slice(from);
    if (READS.test(first)) return rest.slice(0, 1);
    return programsOf([first, ...rest].filter((word) => word !== ''));
  });
