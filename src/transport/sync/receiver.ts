import { quote } from '../../shell/sh.ts';
import type { Receiver } from '../transport.ts';

/** The beginning of a command that runs what follows it in the folder that receives. */
export const inside = (into: Receiver): string => (typeof into === 'string' ? `cd ${quote(into)} && exec` : into.text);
