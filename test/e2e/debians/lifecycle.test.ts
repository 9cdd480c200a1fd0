import { OTHER_DEBIANS, onEach } from '../samples.ts';
import { lifecycle } from '../stories/lifecycle.ts';

onEach(OTHER_DEBIANS, lifecycle);
