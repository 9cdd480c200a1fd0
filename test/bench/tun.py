"""A line with a delay: tun.py HERE THERE MILLISECONDS, until standard input ends. Needs root.

Packets to THERE are held for so long, and come back with their addresses swapped, as if THERE had sent them to HERE; so do
the answers. A connection to THERE thus leads to what listens at HERE, and its handshake, its windows and its
acknowledgements are the kernel's own, at both of its ends. Both addresses are of the loopback network, so that nothing can
leave this machine.
"""

import collections
import fcntl
import os
import select
import socket
import struct
import subprocess
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFDSTADDR, SIOCSIFTXQLEN = 0x8914, 0x8916, 0x8918, 0x8943
IFF_UP = 0x0001


def opened(here, there):
    tun = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
    asked = struct.pack('16sH22x', b'fleetbench%d', IFF_TUN | IFF_NO_PI)
    name = fcntl.ioctl(tun, TUNSETIFF, asked)[:16]
    address = lambda text: struct.pack('HH4s8x', socket.AF_INET, 0, socket.inet_aton(text))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFADDR, name + address(here))
        fcntl.ioctl(control, SIOCSIFDSTADDR, name + address(there))
        # A burst waits instead of being dropped.
        fcntl.ioctl(control, SIOCSIFTXQLEN, name + struct.pack('i20x', 20000))
        fcntl.ioctl(control, SIOCSIFFLAGS, name + struct.pack('H22x', IFF_UP))
    device = name.rstrip(b'\0').decode()
    # Else addresses of the loopback network are refused on any other device, and led to the loopback one.
    with open(f'/proc/sys/net/ipv4/conf/{device}/route_localnet', 'w') as setting:
        setting.write('1')
    subprocess.run(['ip', 'route', 'add', there, 'dev', device, 'table', 'local'], check=True)
    return tun


def swapped(packet):
    # The checksums are sums, which do not mind the order.
    return packet[:12] + packet[16:20] + packet[12:16] + packet[20:]


def main(here, there, seconds):
    tun = opened(here, there)
    held = collections.deque()
    print('ready', flush=True)
    while True:
        wait = max(0, held[0][0] - time.monotonic()) if held else None
        readable, _, _ = select.select([tun, 0], [], [], wait)
        if 0 in readable and not os.read(0, 1024):
            return
        if tun in readable:
            try:
                while True:
                    packet = os.read(tun, 65536)
                    if packet[0] >> 4 == 4:
                        held.append((time.monotonic() + seconds, swapped(packet)))
            except BlockingIOError:
                pass
        while held and held[0][0] <= time.monotonic():
            os.write(tun, held.popleft()[1])


main(sys.argv[1], sys.argv[2], float(sys.argv[3]) / 1000)
