/** Assembles the agent. One file in two roles: the process itself, and each of its worker threads. */
import { isMainThread } from "node:worker_threads";

// Each role loads only what it needs: a worker does not pay for the link, nor the process for the drivers.
if (isMainThread) await (await import("./main/process.ts")).run(import.meta.filename);
else (await import("./main/thread.ts")).run();
