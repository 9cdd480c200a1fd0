export { drawn } from './drawn.ts';
export type { TestHost } from './host.ts';
export { type Hosts, startHost, startHosts } from './hosts.ts';
export { heat } from './jetson.ts';
export type { KindName } from './kinds.ts';
export { type TcpProxy, tcpProxy } from './proxy.ts';
export { silentServer } from './silent.ts';
