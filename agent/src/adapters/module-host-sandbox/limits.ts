/** What one sandbox may use, and how its use is watched. */
import { millis, seconds } from "@interactor/shared/kernel/units";
import { type ModuleLimits, moduleLimitsDefault } from "@interactor/shared/wire/messages/module-limits";

/** How long it may take over one thing, `handlerMs`, is watched by whoever asks it. */
export type SandboxLimits = Required<ModuleLimits>;

export const sandboxLimitsDefault: SandboxLimits = moduleLimitsDefault;

/** A burst of so much of a second's messages passes at once. */
export const burstShare = 0.2;
/** A message costs one of its second's, and one more for each of so many bytes. */
export const bytesPerMessage = 1024;
/** Lines a sandbox may write into the agent's log in a second; as many as ten seconds' at once. More: evict, and count. */
export const logLinesPerSecond = 5;
export const logLinesBurst = 50;
/** What waits for a sandbox that does not read. More: it is ended. */
export const waitingBytesMax = 1024 * 1024;
/** Messages for a sandbox while the machine is looked at for the first time. More: it is ended. */
export const earlyMax = 10_000;
/** Of what it writes to stderr the end is kept: a report of a fatal error takes about 20 KB. */
export const lastWordsBytes = 64 * 1024;
/** Read in a second from stderr. More: it waits, and then hangs. */
export const lastWordsPerSecond = 256 * 1024;

/** Of a profile: a minute of a module that does much has a million. More: refuse. */
export const profileLengthMax = 8 * 1024 * 1024;

/** V8's share of the memory: code, buffers and Node itself take the rest. */
export const heapShare = 0.5;
/** Data of a process, in bytes: Node starts with 580 MB of it. More: the allocation fails. Behind the other caps. */
export const dataBytesMax = ({ memoryMb }: SandboxLimits): number =>
  1_100_000_000 + Math.max(memoryMb - sandboxLimitsDefault.memoryMb, 0) * 1_000_000;
/** Threads of a sandbox: Node has 6, bubblewrap 2. */
export const threadsMax = 24;
/** A file in the sandbox's own /tmp or /dev/shm, and all that are in one of them together. Nothing else is written to. */
export const temporaryBytesMax = 4 * 1024 * 1024;
/** Modules come after the agent, and everything else of the machine. */
export const niceness = 10;

/** Between two looks at a sandbox's memory where no cgroup holds it: it can pass its cap for so long. */
export const watchInterval = millis(250);
/** Looking at what the machine can enforce. Longer: it cannot. */
export const probeTimeout = seconds(10);

/** One that hangs writes where, and ends of it. Longer: it is ended without; one that takes no signals says nothing. */
export const hangMax = millis(3000);
