import { KINDS, onEach } from './samples.ts';
import { watch } from './stories/watch.ts';

onEach(KINDS, watch);
