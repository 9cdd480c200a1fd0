import { KINDS, onEach } from './samples.ts';
import { revert } from './stories/revert.ts';

onEach(KINDS, revert);
