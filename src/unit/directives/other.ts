import type { Section } from './directive.ts';
import { calendar } from './kinds/calendar.ts';
import { bool, command, free, oneOf, raw, resolved, yesOr } from './kinds/kind.ts';
import * as name from './kinds/name.ts';
import * as network from './kinds/network.ts';
import * as number from './kinds/number.ts';

/** systemd.socket(5). */
export const SOCKET = {
  Accept: { value: bool },
  AcceptFileDescriptors: { value: bool },
  Backlog: { value: number.count },
  BindIPv6Only: { value: yesOr('default both ipv6-only') },
  BindToDevice: { value: name.device },
  Broadcast: { value: bool },
  DeferAcceptSec: { value: number.duration },
  DeferTrigger: { value: yesOr('patient') },
  DeferTriggerMaxSec: { value: number.duration },
  DirectoryMode: { value: number.mode },
  ExecStartPost: { value: command },
  ExecStartPre: { value: command },
  ExecStopPost: { value: command },
  ExecStopPre: { value: command },
  FileDescriptorName: { value: name.descriptorName },
  FlushPending: { value: bool },
  FreeBind: { value: bool },
  IPTOS: { value: network.service },
  IPTTL: { value: number.integer },
  KeepAlive: { value: bool },
  KeepAliveIntervalSec: { value: number.duration },
  KeepAliveProbes: { value: number.count },
  KeepAliveTimeSec: { value: number.duration },
  ListenDatagram: { value: network.listening },
  ListenFIFO: { value: name.ownPath },
  ListenMessageQueue: { value: name.ownPath },
  ListenNetlink: { value: network.netlink },
  ListenSequentialPacket: { value: network.sequential },
  ListenSpecial: { value: name.path },
  ListenStream: { value: network.listening },
  ListenUSBFunction: { value: name.ownPath },
  Mark: { value: number.integer },
  MaxConnections: { value: number.count },
  MaxConnectionsPerSource: { value: number.count },
  MessageQueueMaxMessages: { value: number.long },
  MessageQueueMessageSize: { value: number.long },
  NoDelay: { value: bool },
  PassCredentials: { value: bool },
  PassFileDescriptorsToExec: { value: bool },
  PassPIDFD: { value: bool },
  PassPacketInfo: { value: bool },
  PassSecurity: { value: bool },
  PipeSize: { value: number.size },
  PollLimitBurst: { value: number.count },
  PollLimitIntervalSec: { value: number.duration },
  Priority: { value: number.integer },
  ReceiveBuffer: { value: number.size },
  RemoveOnStop: { value: bool },
  ReusePort: { value: bool },
  SELinuxContextFromNet: { value: bool },
  SendBuffer: { value: number.size },
  Service: { value: name.serviceName },
  SmackLabel: { value: free },
  SmackLabelIPIn: { value: free },
  SmackLabelIPOut: { value: free },
  SocketGroup: { value: name.account },
  SocketMode: { value: number.mode },
  SocketProtocol: { value: oneOf('udplite sctp mptcp') },
  SocketUser: { value: name.account },
  Symlinks: { value: name.paths },
  TCPCongestion: { value: raw },
  Timestamping: { value: yesOr('us usec μs µs ns nsec') },
  Transparent: { value: bool },
  TriggerLimitBurst: { value: number.count },
  TriggerLimitIntervalSec: { value: number.duration },
  Writable: { value: bool },
} satisfies Section;

/** systemd.mount(5). */
export const MOUNT = {
  DirectoryMode: { value: number.mode },
  ForceUnmount: { value: bool },
  LazyUnmount: { value: bool },
  Options: { value: free },
  ReadWriteOnly: { value: bool },
  SloppyOptions: { value: bool },
  Type: { value: free },
  What: { value: free },
  Where: { value: name.loosePath },
} satisfies Section;

/** systemd.swap(5). */
export const SWAP = {
  Options: { value: free },
  Priority: { value: number.between(-1, 32_767) },
  What: { value: free },
} satisfies Section;

/** systemd.timer(5). */
export const TIMER = {
  AccuracySec: { value: number.duration },
  DeferReactivation: { value: bool },
  FixedRandomDelay: { value: bool },
  OnActiveSec: { value: resolved(number.duration) },
  OnBootSec: { value: resolved(number.duration) },
  OnCalendar: { value: calendar },
  OnClockChange: { value: bool },
  OnStartupSec: { value: resolved(number.duration) },
  OnTimezoneChange: { value: bool },
  OnUnitActiveSec: { value: resolved(number.duration) },
  OnUnitInactiveSec: { value: resolved(number.duration) },
  Persistent: { value: bool },
  RandomizedDelaySec: { value: number.duration },
  RandomizedOffsetSec: { value: number.duration },
  RemainAfterElapse: { value: bool },
  Unit: { value: name.oneUnit },
  WakeSystem: { value: bool },
} satisfies Section;

/** systemd.path(5). */
export const PATH = {
  DirectoryMode: { value: number.mode },
  DirectoryNotEmpty: { value: name.path },
  MakeDirectory: { value: bool },
  PathChanged: { value: name.path },
  PathExists: { value: name.path },
  PathExistsGlob: { value: name.path },
  PathModified: { value: name.path },
  TriggerLimitBurst: { value: number.count },
  TriggerLimitIntervalSec: { value: number.duration },
  Unit: { value: name.oneUnit },
} satisfies Section;

/** systemd.automount(5). */
export const AUTOMOUNT = {
  DirectoryMode: { value: number.mode },
  ExtraOptions: { value: free },
  TimeoutIdleSec: { value: number.duration },
  Where: { value: name.loosePath },
} satisfies Section;
