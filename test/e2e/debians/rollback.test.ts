import { OTHER_DEBIANS, onEach } from '../samples.ts';
import { rollback } from '../stories/rollback.ts';

onEach({ eleven: OTHER_DEBIANS.eleven }, rollback);
