/** What the kernel of a Raspberry Pi 4 writes, in form; the numbers are made up to be told apart. For the tests beside. */
export const pi4 = {
  thermalType: "cpu-thermal\n",
  temp: "48686\n",
  stat: `cpu  61240 1203 27415 4921380 6346 0 4699 0 0 0
cpu0 15310 300 7420 1228901 1570 0 3100 0 0 0
cpu1 15310 301 6665 1230826 1592 0 533 0 0 0
cpu2 15310 301 6665 1230826 1592 0 533 0 0 0
cpu3 15310 301 6665 1230827 1592 0 533 0 0 0
intr 19386214 0 1245 0
ctxt 33219045
btime 1763694812
processes 14235
procs_running 1
procs_blocked 0
softirq 7321934 1021 1843201 9 52103 0 0 120411 3021994 0 2283195
`,
  loadavg: "0.52 0.31 0.27 1/193 14235\n",
  meminfo: `MemTotal:        3885396 kB
MemFree:         2719872 kB
MemAvailable:    3332084 kB
Buffers:           60312 kB
Cached:           702148 kB
SwapCached:            0 kB
SwapTotal:        524284 kB
SwapFree:         524284 kB
CmaTotal:         524288 kB
`,
  uptime: "12567.84 49213.80\n",
  throttled: "50005\n",
  netDev: `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 7340032   10240    0    0    0     0          0         0  7340032   10240    0    0    0     0       0          0
  eth0: 98304512  120312    0    0    0     0          0      1893  4210688   50231    0    0    0     0       0          0
 wlan0:1024      12    0    0    0     0          0         0     2048      20    0    0    0     0       0          0
`,
} as const;
