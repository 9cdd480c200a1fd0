import { parseOutput } from '../settings/output.ts';
import { KILL_MODES, RESTARTS, SERVICE_TYPES } from '../settings/service.ts';
import { calendar } from './values/calendar.ts';
import { kind, matching, oneOf, resolved, type ValueKind, yesOr } from './values/kind.ts';
import * as list from './values/list.ts';
import * as name from './values/name.ts';
import * as network from './values/network.ts';
import * as number from './values/number.ts';

const keys = (text: string, of: ValueKind) => text.split(' ').map((key) => [key, of] as const);
/** For a condition and the assertion of the same name. */
const tests = (text: string, of: ValueKind) =>
  text.split(' ').flatMap((key) => [[`Condition${key}`, of] as const, [`Assert${key}`, of] as const]);

const weight = number.between(1, 10_000);
const actions = oneOf(
  'none exit exit-force reboot reboot-force reboot-immediate poweroff poweroff-force poweroff-immediate soft-reboot ' +
    'soft-reboot-force kexec kexec-force halt halt-force halt-immediate',
);
const jobs = oneOf(
  'fail replace replace-irreversibly isolate flush ignore-dependencies ignore-requirements triggering ' +
    'restart-dependencies',
);
const output = resolved(
  kind('journal, null, inherit, tty, or file:/path and its like', (value) => parseOutput(value) !== null),
);

/** The kind of value that each key takes; where sections differ the key stands behind its section. */
export const VALUE_KINDS: ReadonlyMap<string, ValueKind> = new Map<string, ValueKind>([
  ...keys(
    'Accept AcceptFileDescriptors AllowIsolate BindLogSockets BlockIOAccounting Broadcast CPUAccounting ' +
      'CPUSchedulingResetOnFork CacheDirectoryAccounting CoredumpReceive DefaultDependencies DeferReactivation ' +
      'DynamicUser FixedRandomDelay FlushPending ForceUnmount FreeBind GuessMainPID IOAccounting IPAccounting ' +
      'IgnoreOnIsolate IgnoreSIGPIPE KeepAlive LazyUnmount LockPersonality LogsDirectoryAccounting MakeDirectory ' +
      'MemoryAccounting MemoryDenyWriteExecute MemoryKSM MemoryZSwapWriteback MountAPIVFS NoDelay NoNewPrivileges ' +
      'NonBlocking OnClockChange OnTimezoneChange PassCredentials PassFileDescriptorsToExec PassPIDFD PassPacketInfo ' +
      'PassSecurity PermissionsStartOnly Persistent PrivateDevices PrivateIPC PrivateMounts PrivateNetwork PrivatePIDs ' +
      'ProtectClock ProtectKernelLogs ProtectKernelModules ProtectKernelTunables ReadWriteOnly RefreshOnReload ' +
      'RefuseManualStart RefuseManualStop RemainAfterElapse RemainAfterExit RemoveIPC RemoveOnStop RestrictRealtime ' +
      'RestrictSUIDSGID ReusePort RootDirectoryStartOnly RootEphemeral SELinuxContextFromNet SendSIGHUP SendSIGKILL ' +
      'SetLoginEnvironment SloppyOptions StateDirectoryAccounting StopWhenUnneeded SurviveFinalKillSignal ' +
      'SyslogLevelPrefix TTYReset TTYVHangup TTYVTDisallocate TasksAccounting Transparent WakeSystem Writable',
    yesOr(),
  ),
  ...keys('BindIPv6Only', yesOr('default both ipv6-only')),
  ...keys('DeferTrigger', yesOr('patient')),
  ...keys('FileDescriptorStorePreserve RuntimeDirectoryPreserve', yesOr('restart')),
  ...keys('MemoryPressureWatch', yesOr('auto skip')),
  ...keys('OnFailureIsolate', yesOr()),
  ...keys('PrivateTmp', yesOr('disconnected')),
  ...keys('PrivateUsers', yesOr('self identity full managed')),
  ...keys('ProtectControlGroups', yesOr('private strict')),
  ...keys('ProtectHome', yesOr('read-only tmpfs')),
  ...keys('ProtectHostname', yesOr('private')),
  ...keys('ProtectSystem', yesOr('full strict')),
  ...keys('Timestamping', yesOr('us usec μs µs ns nsec')),
  ...keys(
    'CPUQuotaPeriodSec DeferAcceptSec DeferTriggerMaxSec JobRunningTimeoutSec JobTimeoutSec KeepAliveIntervalSec ' +
      'KeepAliveTimeSec LogRateLimitIntervalSec MemoryPressureThresholdSec PollLimitIntervalSec RestartMaxDelaySec RestartSec RuntimeMaxSec RuntimeRandomizedExtraSec StartLimitInterval ' +
      'StartLimitIntervalSec TimeoutAbortSec TimeoutCleanSec TimeoutIdleSec TimeoutSec TimeoutStartSec TimeoutStopSec ' +
      'TriggerLimitIntervalSec WatchdogSec AccuracySec RandomizedDelaySec RandomizedOffsetSec',
    number.duration,
  ),
  ...keys('OnActiveSec OnBootSec OnStartupSec OnUnitActiveSec OnUnitInactiveSec', resolved(number.duration)),
  ...keys('ManagedOOMMemoryPressureDurationSec', number.pressureTime),
  ...keys('OnCalendar', calendar),
  ...keys('TimerSlackNSec', number.slack),
  ...keys(
    'UMask DirectoryMode SocketMode RuntimeDirectoryMode StateDirectoryMode CacheDirectoryMode LogsDirectoryMode ' +
      'ConfigurationDirectoryMode',
    number.mode,
  ),
  ...keys('KillSignal FinalKillSignal RestartKillSignal WatchdogSignal ReloadSignal', list.signal),
  ...keys('MemoryHigh MemoryMax StartupMemoryHigh StartupMemoryMax', number.memory),
  ...keys(
    'DefaultMemoryLow DefaultMemoryMin DefaultStartupMemoryLow MemoryLow MemoryMin MemorySwapMax MemoryZSwapMax ' +
      'StartupMemoryLow StartupMemorySwapMax StartupMemoryZSwapMax',
    number.memoryOrNone,
  ),
  ...keys('MemoryLimit', number.memory),
  ...keys('PipeSize ReceiveBuffer SendBuffer', number.size),
  ...keys('CPUAffinity', resolved(number.affinity)),
  ...keys('AllowedCPUs AllowedMemoryNodes StartupAllowedCPUs StartupAllowedMemoryNodes', resolved(number.processors)),
  ...keys('NUMAMask', number.nodes),
  ...keys('NUMAPolicy', list.policy),
  ...keys('CPUQuota', number.percent),
  ...keys('ManagedOOMMemoryPressureLimit', number.part),
  ...keys(
    'Backlog FileDescriptorStoreMax KeepAliveProbes LogRateLimitBurst MaxConnections MaxConnectionsPerSource ' +
      'PollLimitBurst RestartSteps StartLimitBurst TTYColumns TTYRows TriggerLimitBurst',
    number.count,
  ),
  ...keys('IPTTL Mark Priority', number.integer),
  ...keys('Swap.Priority', number.between(-1, 32_767)),
  ...keys('MessageQueueMaxMessages MessageQueueMessageSize', number.long),
  ...keys('TasksMax', number.tasks),
  ...keys('LimitLOCKS LimitNOFILE LimitNPROC LimitRTPRIO LimitSIGPENDING', number.limitCount),
  ...keys('LimitAS LimitCORE LimitDATA LimitFSIZE LimitMEMLOCK LimitMSGQUEUE LimitRSS LimitSTACK', number.limitSize),
  ...keys('LimitCPU LimitRTTIME', number.limitTime),
  ...keys('LimitNICE', number.limitNice),
  ...keys('Nice', number.between(-20, 19)),
  ...keys('OOMScoreAdjust', number.between(-1000, 1000)),
  ...keys('CPUWeight StartupCPUWeight', number.between(1, 10_000, 'idle')),
  ...keys('IOWeight StartupIOWeight', weight),
  ...keys('CPUSchedulingPriority', number.between(0, 99)),
  ...keys('IOSchedulingPriority', number.between(0, 7)),
  ...keys('FailureActionExitStatus SuccessActionExitStatus', number.between(0, 255)),
  ...keys('BlockIOWeight StartupBlockIOWeight', number.between(10, 1000)),
  ...keys('CPUShares StartupCPUShares', number.between(2, 262_144)),
  ...keys('CPUSchedulingPolicy', number.between(0, 0x7fff_ffff, ...'other batch idle fifo rr ext'.split(' '))),
  ...keys('IOSchedulingClass', number.between(0, 7, ...'none realtime best-effort idle'.split(' '))),
  ...keys('Service.Type', oneOf(SERVICE_TYPES.join(' '))),
  ...keys('Restart', oneOf(RESTARTS.join(' '))),
  ...keys('KillMode', oneOf(KILL_MODES.join(' '))),
  ...keys('OOMPolicy', oneOf('continue stop kill')),
  ...keys('NotifyAccess', oneOf('none main exec all')),
  ...keys('ProtectProc', oneOf('noaccess invisible ptraceable default')),
  ...keys('ProcSubset', oneOf('all pid')),
  ...keys('KeyringMode', oneOf('inherit private shared')),
  ...keys('DevicePolicy', oneOf('auto closed strict')),
  ...keys('ExitType', oneOf('main cgroup')),
  ...keys('RestartMode', oneOf('normal direct debug')),
  ...keys('CollectMode', oneOf('inactive inactive-or-failed')),
  ...keys('TimeoutStartFailureMode TimeoutStopFailureMode', oneOf('terminate abort kill')),
  ...keys('ManagedOOMSwap ManagedOOMMemoryPressure', oneOf('auto kill')),
  ...keys('ManagedOOMPreference', oneOf('none avoid omit')),
  ...keys('MountFlags', oneOf('shared slave private')),
  ...keys('UtmpMode', oneOf('init login user')),
  ...keys('SocketProtocol', oneOf('udplite sctp mptcp')),
  ...keys('FailureAction SuccessAction StartLimitAction JobTimeoutAction', actions),
  ...keys('OnFailureJobMode OnSuccessJobMode', jobs),
  ...keys('LogLevelMax SyslogLevel', list.level),
  ...keys('SyslogFacility', list.facility),
  ...keys('StandardOutput StandardError', output),
  ...keys(
    'StandardInput',
    resolved(
      matching(
        'null, tty, data, socket, fd or file:/path',
        /^(null|tty|tty-force|tty-fail|socket|data|fd|fd:.+|file:\/.*)$/,
      ),
    ),
  ),
  ...keys('StandardInputData', list.base64),

  ...keys(
    'After Before BindTo BindsTo Conflicts JoinsNamespaceOf OnFailure OnSuccess PartOf PropagateReloadFrom ' +
      'PropagateReloadTo PropagatesReloadTo PropagatesStopTo ReloadPropagatedFrom Requires Requisite RequiresOverridable ' +
      'RequisiteOverridable StopPropagatedFrom Upholds Wants WantedBy RequiredBy UpheldBy Also Alias',
    name.unitNames,
  ),
  ...keys('Timer.Unit Path.Unit', name.oneUnit),
  ...keys('Socket.Service', name.serviceName),
  ...keys('Sockets', name.sockets),
  ...keys('Slice', name.slice),
  ...keys('BusName', name.busName),
  ...keys('Documentation', name.documentation),
  ...keys('User Group SocketUser SocketGroup', name.account),
  ...keys('SupplementaryGroups', name.accounts),
  ...tests(
    'DirectoryNotEmpty FileIsExecutable FileNotEmpty NeedsUpdate PathExists PathExistsGlob PathIsDirectory ' +
      'PathIsEncrypted PathIsMountPoint PathIsReadWrite PathIsSymbolicLink',
    name.conditionPath,
  ),
  ...keys(
    'IPCNamespacePath NetworkNamespacePath RootDirectory RootImage RootVerity SourcePath TTYPath ' +
      'USBFunctionDescriptors USBFunctionStrings Where',
    name.loosePath,
  ),
  ...keys(
    'DirectoryNotEmpty IPEgressFilterPath IPIngressFilterPath ListenSpecial PathChanged PathExists PathExistsGlob ' +
      'PathModified',
    name.path,
  ),
  ...keys('ListenFIFO ListenMessageQueue ListenUSBFunction', name.ownPath),
  ...keys('EnvironmentFile', name.optionalPath),
  ...keys('WorkingDirectory', name.workingFolder),
  ...keys('PIDFile', name.pidFile),
  ...keys('ExecSearchPath', name.searchPaths),
  ...keys('RequiresMountsFor WantsMountsFor Symlinks', name.paths),
  ...keys(
    'ExecPaths ExtensionDirectories InaccessibleDirectories InaccessiblePaths NoExecPaths ReadOnlyDirectories ' +
      'ReadOnlyPaths ReadWriteDirectories ReadWritePaths',
    name.markedPaths,
  ),
  ...keys('CacheDirectory LogsDirectory RuntimeDirectory StateDirectory', name.folderNames),
  ...keys('ConfigurationDirectory', name.plainFolderNames),
  ...keys('BindPaths BindReadOnlyPaths', list.binds),
  ...keys('MountImages', list.mounts),
  ...keys('ExtensionImages', list.images),
  ...keys('RootHash', list.rootHash),
  ...keys('RootHashSignature', list.rootSignature),
  ...keys('OpenFile', list.openFile),
  ...keys('DelegateSubgroup', name.groupName),
  ...keys('ImportCredential', name.credentialNames),
  ...keys('TemporaryFileSystem', list.temporary),
  ...keys('PassEnvironment', name.variableNames),
  ...keys('UnsetEnvironment', name.variables),
  ...keys('LogExtraFields', name.journalFields),
  ...keys('LogNamespace', name.namespaceName),
  ...keys('FileDescriptorName', name.descriptorName),
  ...keys('BindToDevice', name.device),
  ...keys('RestrictNetworkInterfaces', name.devices),
  ...keys('ListenStream ListenDatagram', network.listening),
  ...keys('ListenSequentialPacket', network.sequential),
  ...keys('ListenNetlink', network.netlink),
  ...keys('IPTOS', network.service),
  ...keys('IPAddressAllow IPAddressDeny', network.networks),
  ...keys('SocketBindAllow SocketBindDeny', network.binds),

  ...keys('CapabilityBoundingSet AmbientCapabilities', list.capabilities),
  ...keys('SecureBits', list.secureBits),
  ...keys('RestrictAddressFamilies', list.families),
  ...keys('RestrictNamespaces DelegateNamespaces', list.namespaces),
  ...keys('RestrictFileSystems', list.fileSystems),
  ...keys('SystemCallFilter SystemCallLog', list.systemCalls),
  ...keys('SystemCallErrorNumber', list.errorNumber),
  ...keys('SystemCallArchitectures', list.architectures),
  ...keys('Personality', list.personality),
  ...keys('Delegate', list.delegate),
  ...keys('DisableControllers', list.controllers),
  ...keys('DeviceAllow', list.deviceAccess),
  ...keys(
    'IOReadBandwidthMax IOWriteBandwidthMax IOReadIOPSMax IOWriteIOPSMax BlockIOReadBandwidth BlockIOWriteBandwidth',
    list.deviceRate,
  ),
  ...keys('IODeviceWeight BlockIODeviceWeight', list.deviceWeight),
  ...keys('IODeviceLatencyTargetSec', list.deviceLatency),
  ...keys('LoadCredential LoadCredentialEncrypted', list.credential),
  ...keys('SetCredential', list.ownCredential),
  ...keys('SetCredentialEncrypted', list.sealedCredential),
  ...keys('CoredumpFilter', list.dumped),
  ...keys('RestartForceExitStatus RestartPreventExitStatus SuccessExitStatus', list.endings),
]);

export const kindOf = (section: string, key: string): ValueKind | undefined =>
  VALUE_KINDS.get(`${section}.${key}`) ?? VALUE_KINDS.get(key);
