import { twiceRotated } from '../same-log.ts';
import type { Rule } from '../subject.ts';

/** A log that two blocks of an app name. */
export const logrotateTwice: Rule = ({ logrotate }) => twiceRotated(logrotate.map((source) => ({ app: null, source })));
