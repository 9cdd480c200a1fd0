import { KINDS, onEach } from './samples.ts';
import { rollback } from './stories/rollback.ts';

onEach(KINDS, rollback);
