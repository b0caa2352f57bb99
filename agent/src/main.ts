/** Assembles the agent. One file in two roles: the process itself, and each of its worker threads. */
import { setFlagsFromString } from "node:v8";
import { isMainThread } from "node:worker_threads";

// Waits for edges, the disk and slow serial lines each hold a thread for a while, and Node's four are few for a node with
// a dozen devices. It counts from the first use on, and costs nothing until then.
process.env["UV_THREADPOOL_SIZE"] ??= "16";

// Heaps here are small: a thread collects its young objects alone in less than a millisecond. Helped by others it waits for
// them, and on a busy machine for as long as they wait for a processor, which is seen as frames that come late.
if (isMainThread) setFlagsFromString("--no-parallel-scavenge");

// Each role loads only what it needs: a worker does not pay for the link, nor the process for the drivers.
if (isMainThread) await (await import("./main/process.ts")).run(import.meta.filename);
else (await import("./main/thread.ts")).run();
