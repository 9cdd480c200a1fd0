const words = (text: string): readonly string[] => text.split(' ');

// What systemd reads, from 237 to 259. Which version brought a key is directive-age's to say.

const UNIT = words(
  'After AllowIsolate Before BindTo BindsTo CollectMode Conflicts DefaultDependencies Description Documentation ' +
    'FailureAction FailureActionExitStatus IgnoreOnIsolate IgnoreOnSnapshot JobRunningTimeoutSec JobTimeoutAction ' +
    'JobTimeoutRebootArgument JobTimeoutSec JoinsNamespaceOf OnFailure OnFailureIsolate OnFailureJobMode OnSuccess ' +
    'OnSuccessJobMode PartOf PropagateReloadFrom PropagateReloadTo PropagatesReloadTo PropagatesStopTo ' +
    'RebootArgument RefuseManualStart RefuseManualStop ReloadPropagatedFrom Requires RequiresMountsFor ' +
    'RequiresOverridable Requisite RequisiteOverridable SourcePath StartLimitAction StartLimitBurst ' +
    'StartLimitInterval StartLimitIntervalSec StopPropagatedFrom StopWhenUnneeded SuccessAction ' +
    'SuccessActionExitStatus SurviveFinalKillSignal Upholds Wants WantsMountsFor',
);
const CONDITIONS = words(
  'ACPower Architecture CPUFeature CPUPressure CPUs Capability ControlGroupController Credential ' +
    'DirectoryNotEmpty Environment FileIsExecutable FileNotEmpty Firmware FirstBoot Fraction Group Host IOPressure ' +
    'KernelCommandLine KernelModuleLoaded KernelVersion MachineTag Memory MemoryPressure NeedsUpdate OSRelease ' +
    'PathExists PathExistsGlob PathIsDirectory PathIsEncrypted PathIsMountPoint PathIsReadWrite PathIsSymbolicLink ' +
    'Security User Version Virtualization',
);
const INSTALL = words('Alias Also DefaultInstance RequiredBy UpheldBy WantedBy');
const EXEC = words(
  'AmbientCapabilities AppArmorProfile BPFDelegateAttachments BPFDelegateCommands BPFDelegateMaps ' +
    'BPFDelegatePrograms BindLogSockets BindPaths BindReadOnlyPaths CPUAffinity CPUSchedulingPolicy ' +
    'CPUSchedulingPriority CPUSchedulingResetOnFork CacheDirectory CacheDirectoryAccounting CacheDirectoryMode ' +
    'CacheDirectoryQuota Capabilities CapabilityBoundingSet ConfigurationDirectory ConfigurationDirectoryMode ' +
    'CoredumpFilter DelegateNamespaces DynamicUser Environment EnvironmentFile ExecPaths ExecSearchPath ' +
    'ExtensionDirectories ExtensionImagePolicy ExtensionImages Group IOSchedulingClass IOSchedulingPriority ' +
    'IPCNamespacePath IgnoreSIGPIPE ImportCredential InaccessibleDirectories InaccessiblePaths KeyringMode ' +
    'LandlockConfig LimitAS LimitCORE LimitCPU LimitDATA LimitFSIZE LimitLOCKS LimitMEMLOCK LimitMSGQUEUE ' +
    'LimitNICE LimitNOFILE LimitNPROC LimitRSS LimitRTPRIO LimitRTTIME LimitSIGPENDING LimitSTACK LoadCredential ' +
    'LoadCredentialEncrypted LockPersonality LogExtraFields LogFilterPatterns LogLevelMax LogNamespace ' +
    'LogRateLimitBurst LogRateLimitIntervalSec LogsDirectory LogsDirectoryAccounting LogsDirectoryMode ' +
    'LogsDirectoryQuota MemoryDenyWriteExecute MemoryKSM MemoryTHP MountAPIVFS MountFlags MountImagePolicy ' +
    'MountImages NUMAMask NUMAPolicy NetworkNamespacePath Nice NoExecPaths NoNewPrivileges OOMScoreAdjust PAMName ' +
    'PassEnvironment Personality PrivateBPF PrivateDevices PrivateIPC PrivateMounts PrivateNetwork PrivatePIDs ' +
    'PrivateTmp PrivateUsers ProcSubset ProtectClock ProtectControlGroups ProtectHome ProtectHostname ' +
    'ProtectKernelLogs ProtectKernelModules ProtectKernelTunables ProtectProc ProtectSystem ReadOnlyDirectories ' +
    'ReadOnlyPaths ReadWriteDirectories ReadWritePaths RemoveIPC RestrictAddressFamilies RestrictFileSystems ' +
    'RestrictNamespaces RestrictRealtime RestrictSUIDSGID RootDirectory RootEphemeral RootHash RootHashSignature ' +
    'RootImage RootImageOptions RootImagePolicy RootVerity RuntimeDirectory RuntimeDirectoryMode ' +
    'RuntimeDirectoryPreserve SELinuxContext SecureBits SetCredential SetCredentialEncrypted SetLoginEnvironment ' +
    'SmackProcessLabel StandardError StandardInput StandardInputData StandardInputText StandardOutput ' +
    'StateDirectory StateDirectoryAccounting StateDirectoryMode StateDirectoryQuota SupplementaryGroups ' +
    'SyslogFacility SyslogIdentifier SyslogLevel SyslogLevelPrefix SystemCallArchitectures SystemCallErrorNumber ' +
    'SystemCallFilter SystemCallLog TTYColumns TTYPath TTYReset TTYRows TTYVHangup TTYVTDisallocate ' +
    'TemporaryFileSystem TimeoutCleanSec TimeoutSec TimerSlackNSec UMask UnsetEnvironment User UtmpIdentifier ' +
    'UtmpMode WorkingDirectory',
);
const CGROUP = words(
  'AllowedCPUs AllowedMemoryNodes BPFProgram BlockIOAccounting BlockIODeviceWeight BlockIOReadBandwidth ' +
    'BlockIOWeight BlockIOWriteBandwidth CPUAccounting CPUQuota CPUQuotaPeriodSec CPUShares CPUWeight ' +
    'CoredumpReceive DefaultMemoryLow DefaultMemoryMin DefaultStartupMemoryLow Delegate DelegateSubgroup ' +
    'DeviceAllow DevicePolicy DisableControllers IOAccounting IODeviceLatencyTargetSec IODeviceWeight ' +
    'IOReadBandwidthMax IOReadIOPSMax IOWeight IOWriteBandwidthMax IOWriteIOPSMax IPAccounting IPAddressAllow ' +
    'IPAddressDeny IPEgressFilterPath IPIngressFilterPath ManagedOOMMemoryPressure ' +
    'ManagedOOMMemoryPressureDurationSec ManagedOOMMemoryPressureLimit ManagedOOMPreference ManagedOOMSwap ' +
    'MemoryAccounting MemoryHigh MemoryLimit MemoryLow MemoryMax MemoryMin MemoryPressureThresholdSec ' +
    'MemoryPressureWatch MemorySwapMax MemoryZSwapMax MemoryZSwapWriteback NFTSet NetClass ' +
    'RestrictNetworkInterfaces Slice SocketBindAllow SocketBindDeny StartupAllowedCPUs StartupAllowedMemoryNodes ' +
    'StartupBlockIOWeight StartupCPUShares StartupCPUWeight StartupIOWeight StartupMemoryHigh StartupMemoryLow ' +
    'StartupMemoryMax StartupMemorySwapMax StartupMemoryZSwapMax TasksAccounting TasksMax',
);
const KILL = words('FinalKillSignal KillMode KillSignal RestartKillSignal SendSIGHUP SendSIGKILL WatchdogSignal');
const SERVICE = words(
  'BusName BusPolicy ExecCondition ExecReload ExecStart ExecStartPost ExecStartPre ExecStop ExecStopPost ' +
    'ExitType FailureAction FileDescriptorStoreMax FileDescriptorStorePreserve GuessMainPID NonBlocking ' +
    'NotifyAccess OOMPolicy OpenFile PIDFile PermissionsStartOnly RebootArgument RefreshOnReload ReloadSignal ' +
    'RemainAfterExit Restart RestartForceExitStatus RestartMaxDelaySec RestartMode RestartPreventExitStatus ' +
    'RestartSec RestartSteps RootDirectoryStartOnly RuntimeMaxSec RuntimeRandomizedExtraSec Sockets ' +
    'StartLimitAction StartLimitBurst StartLimitInterval SuccessExitStatus SysVStartPriority TimeoutAbortSec ' +
    'TimeoutStartFailureMode TimeoutStartSec TimeoutStopFailureMode TimeoutStopSec Type USBFunctionDescriptors ' +
    'USBFunctionStrings WatchdogSec',
);
const SOCKET = words(
  'Accept AcceptFileDescriptors Backlog BindIPv6Only BindToDevice Broadcast DeferAcceptSec DeferTrigger ' +
    'DeferTriggerMaxSec DirectoryMode ExecStartPost ExecStartPre ExecStopPost ExecStopPre FileDescriptorName ' +
    'FlushPending FreeBind IPTOS IPTTL KeepAlive KeepAliveIntervalSec KeepAliveProbes KeepAliveTimeSec ' +
    'ListenDatagram ListenFIFO ListenMessageQueue ListenNetlink ListenSequentialPacket ListenSpecial ListenStream ' +
    'ListenUSBFunction Mark MaxConnections MaxConnectionsPerSource MessageQueueMaxMessages MessageQueueMessageSize ' +
    'NoDelay PassCredentials PassFileDescriptorsToExec PassPIDFD PassPacketInfo PassSecurity PipeSize ' +
    'PollLimitBurst PollLimitIntervalSec Priority ReceiveBuffer RemoveOnStop ReusePort SELinuxContextFromNet ' +
    'SendBuffer Service SmackLabel SmackLabelIPIn SmackLabelIPOut SocketGroup SocketMode SocketProtocol SocketUser ' +
    'Symlinks TCPCongestion Timestamping Transparent TriggerLimitBurst TriggerLimitIntervalSec Writable',
);
const MOUNT = words('DirectoryMode ForceUnmount LazyUnmount Options ReadWriteOnly SloppyOptions Type What Where');
const SWAP = words('Options Priority What');
const TIMER = words(
  'AccuracySec DeferReactivation FixedRandomDelay OnActiveSec OnBootSec OnCalendar OnClockChange OnStartupSec ' +
    'OnTimezoneChange OnUnitActiveSec OnUnitInactiveSec Persistent RandomizedDelaySec RandomizedOffsetSec ' +
    'RemainAfterElapse Unit WakeSystem',
);
const PATH = words(
  'DirectoryMode DirectoryNotEmpty MakeDirectory PathChanged PathExists PathExistsGlob PathModified ' +
    'TriggerLimitBurst TriggerLimitIntervalSec Unit',
);
const AUTOMOUNT = words('DirectoryMode ExtraOptions TimeoutIdleSec Where');

const PROCESS = [...EXEC, ...CGROUP, ...KILL];

const SECTIONS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['Unit', new Set([...UNIT, ...CONDITIONS.flatMap((name) => [`Condition${name}`, `Assert${name}`])])],
  ['Install', new Set(INSTALL)],
  ['Service', new Set([...SERVICE, ...PROCESS])],
  ['Socket', new Set([...SOCKET, ...PROCESS])],
  ['Mount', new Set([...MOUNT, ...PROCESS])],
  ['Swap', new Set([...SWAP, ...PROCESS])],
  ['Timer', new Set(TIMER)],
  ['Path', new Set(PATH)],
  ['Automount', new Set(AUTOMOUNT)],
  ['Slice', new Set([...CGROUP, 'ConcurrencySoftMax', 'ConcurrencyHardMax'])],
]);

/** The keys that some systemd reads in a section; none for a section that is not known. */
export const keysOf = (section: string): readonly string[] => [...(SECTIONS.get(section) ?? [])];

/** Whether some systemd reads the key in this section. Keys that begin with `X-` are left to other programs. */
export const isKnown = (section: string, key: string): boolean =>
  key.startsWith('X-') || SECTIONS.get(section)?.has(key) === true;

/** The sections in which a key would be read. */
export const sectionsOf = (key: string): readonly string[] =>
  [...SECTIONS].filter(([, keys]) => keys.has(key)).map(([section]) => section);
