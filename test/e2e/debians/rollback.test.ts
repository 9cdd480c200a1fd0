import { OTHER_DEBIANS, onEach } from '../samples.ts';
import { rollback } from '../stories/rollback.ts';

onEach(OTHER_DEBIANS, rollback);
