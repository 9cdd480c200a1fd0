import { OTHER_DEBIANS, onEach } from '../samples.ts';
import { revert } from '../stories/revert.ts';

onEach(OTHER_DEBIANS, revert);
