import { OTHER_DEBIANS, onEach } from '../samples.ts';
import { revert } from '../stories/revert.ts';

// One of the two is enough here: what breaks is told by the same systemd calls that `lifecycle` makes on both.
onEach({ thirteen: OTHER_DEBIANS.thirteen }, revert);
