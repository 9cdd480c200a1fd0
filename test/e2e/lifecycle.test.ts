import { KINDS, onEach } from './samples.ts';
import { lifecycle } from './stories/lifecycle.ts';

onEach(KINDS, lifecycle);
