import { account } from './rules/account.ts';
import { badValue } from './rules/bad-value.ts';
import { group } from './rules/group.ts';
import { inlineComment } from './rules/inline-comment.ts';
import { instance } from './rules/instance.ts';
import { invisible } from './rules/invisible.ts';
import { layout } from './rules/layout.ts';
import { logrotateOwner } from './rules/logrotate-owner.ts';
import { logrotateSignal } from './rules/logrotate-signal.ts';
import { logrotateSyntax } from './rules/logrotate-syntax.ts';
import { logrotateTwice } from './rules/logrotate-twice.ts';
import { missingPath } from './rules/missing-path.ts';
import { notify } from './rules/notify.ts';
import { orphan } from './rules/orphan.ts';
import { refused } from './rules/refused.ts';
import { reload } from './rules/reload.ts';
import { backoff, endlessRestart, lateRestart, socketStartLimit } from './rules/restart.ts';
import { rootFile } from './rules/root-file.ts';
import { rootProgram } from './rules/root-program.ts';
import { runtimeFolder } from './rules/runtime-folder.ts';
import { samePort } from './rules/same-port.ts';
import { sameProgram } from './rules/same-program.ts';
import { sandbox } from './rules/sandbox.ts';
import { searchPath } from './rules/search-path.ts';
import { secret } from './rules/secret.ts';
import { specifier } from './rules/specifier.ts';
import { syntax } from './rules/syntax.ts';
import { transient } from './rules/transient.ts';
import { unknownKey } from './rules/unknown-key.ts';
import { variable } from './rules/variable.ts';
import { wrongSection } from './rules/wrong-section.ts';
import type { Rule } from './subject.ts';

/** Every rule. Where several have words about one line, the first of them speaks. A new one is an import and an entry. */
export const RULES: readonly Rule[] = [
  invisible,
  wrongSection,
  unknownKey,
  inlineComment,
  variable,
  badValue,
  syntax,
  specifier,
  refused,
  secret,
  endlessRestart,
  lateRestart,
  backoff,
  socketStartLimit,
  notify,
  group,
  samePort,
  sameProgram,
  missingPath,
  runtimeFolder,
  layout,
  account,
  rootFile,
  rootProgram,
  searchPath,
  sandbox,
  reload,
  orphan,
  instance,
  transient,
  logrotateSyntax,
  logrotateTwice,
  logrotateOwner,
  logrotateSignal,
];
