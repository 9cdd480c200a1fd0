import { type CallSite, call } from '../host/call.ts';
import { stateFolder } from '../host/layout.ts';
import type { PrepareStep } from '../model/plan.ts';
import { Script, sh } from '../shell/sh.ts';

/** Where on the host the script stands that undoes step `i` of a run; a number before it keeps their order. */
const entry = (run: string, i: number) => `.${run}.${i}`;

/**
 * Notes on the host how to undo a step, before the step is taken: what a full rollback takes back must not depend on
 * the operator's machine, nor on how far a run came.
 */
export function noteUndo(site: CallSite, run: string, i: number, step: PrepareStep): Script | null {
  if (step.undo === 'keep') return null;
  const folder = `${stateFolder(site.layout, site.uid)}/undo`;
  const title = step.title.replaceAll('\n', ' ');
  const text = `# ${step.makes?.kind ?? 'other'} ${step.makes?.name ?? '-'}\n# ${title}\n${step.undo}\n`;
  return sh`( umask 077; mkdir -p ${folder} && cd ${folder} || exit
n=$(ls | cut -d. -f1 | sort -n | tail -n 1); [ -n "$n" ] || n=999; n=$(( n + 1 ))
printf %s ${text} >"$n"${entry(run, i)} ) || exit 74`;
}

/**
 * Undoes steps in reverse; a failing one never stops the others. Then whatever the run left of our own state goes, and
 * the first step's folder, which held that state, gets a second chance.
 */
export function undoSteps(
  site: CallSite,
  run: string,
  begun: readonly { readonly step: PrepareStep; readonly i: number }[],
): Script {
  const folder = `${stateFolder(site.layout, site.uid)}/undo`;
  const undos = begun.toReversed().map(({ step, i }) => {
    const undo = step.undo === 'keep' ? sh`:` : sh`( ${step.undo} ) || failed=1`;
    return sh`${undo}; rm -f ${folder}/*${entry(run, i)}`;
  });
  const again = begun[0]?.step.undo;
  return Script.join(
    [
      sh`failed=0`,
      ...undos,
      sh`rmdir ${folder} 2>/dev/null; ( ${call({ ...site, hasProgram: false }, 'forget')} ) || failed=1`,
      ...(again === undefined || again === 'keep' ? [] : [sh`( ${again} ) || failed=1`]),
      sh`exit $failed`,
    ],
    '\n',
  );
}
