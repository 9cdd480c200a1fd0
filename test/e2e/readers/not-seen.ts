/** Values about which the linter and the host's systemd differ, and why that is right. */
export type Difference = { readonly lines: RegExp; readonly why: string };

/** What systemd drops and the linter says nothing of. */
export const NOT_SEEN: readonly Difference[] = [
  {
    lines: /^\[(Timer|Path)\] Unit=(%n|a\.(service|socket|slice))$/,
    why: 'a second Unit=, and a unit that triggers itself: the slips of one key stand in one file',
  },
  {
    lines:
      /^\[Service\] (BPFProgram|NFTSet|LogFilterPatterns|RootImageOptions|ExtensionImages|(Root|Mount|Extension)ImagePolicy|OpenFile|ImportCredential)=/,
    why: 'small languages of their own, for images and filters of the kernel, which services of an app have no use for; the host reads them back',
  },
  {
    lines: /^\[Service\] (ProtectHostname=private|ProtectControlGroups=(private|strict)|PrivateUsers=full)$/,
    why: 'a value that a newer systemd takes: which one a host has is not known offline, and the host reads it back',
  },
  {
    lines:
      /^\[Service\] ((Startup)?CPUWeight=idle|RestrictAddressFamilies=none|CPUSchedulingPriority=.*|LoadCredential=.*)$/,
    why: 'taken by systemd 250 and later; before that a priority depended on the policy of the line before, and a credential needed a path',
  },
  {
    lines:
      /^\[Service\] ((AllowedCPUs|AllowedMemoryNodes|CPUAffinity)=%i|SocketBind(Allow|Deny)=(0|0-3|3-0)|StandardInputData=.*-.*|StandardInputData=CAP_NOPE|RestrictNetworkInterfaces=poweroff-immediate)$/,
    why: 'systemd 257 takes it, an older one does not',
  },
  { lines: /^\[Service\] DefaultStartupMemoryLow=0$/, why: 'a key of cgroups alone where 0 is the default anyway' },
];

/** What the linter calls wrong and systemd takes without a word. */
export const STRICTER: readonly Difference[] = [
  {
    lines: /^\[Service\] (CapabilityBoundingSet|AmbientCapabilities|SecureBits|DisableControllers)=/,
    why: 'systemd leaves an unknown name out and logs nothing, so that a service has less than its file says',
  },
  {
    lines: /^\[(Service|Socket)\] (PIDFile|ListenFIFO|ListenMessageQueue|ListenUSBFunction|ExtensionImages)=\/dev\//,
    why: 'below /dev, /proc and /sys: refused by systemd 257',
  },
  {
    lines: /^\[Service\] (Cache|Configuration|Logs|Runtime|State)Directory=.*:/,
    why: 'a ":" makes a link since systemd 250, and a folder of that name before',
  },
  {
    lines: /^\[(Service|Socket)\] (BindToDevice|RestrictNetworkInterfaces)=/,
    why: 'names of devices that systemd 257 refuses',
  },
  { lines: /^\[Socket\] FileDescriptorName=%i$/, why: 'a specifier that stands for nothing' },
  { lines: /^\[Service\] SupplementaryGroups="unclosed$/, why: 'a group with a quote in its name is none' },
  { lines: /^\[Service\] PassEnvironment=corp\\svc$/, why: 'systemd takes the backslash off, which nobody means' },
];
