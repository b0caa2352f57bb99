/** Assembles the hub. One file in two roles: the process itself, and the thread that compiles sites. */
import { isMainThread } from "node:worker_threads";

if (isMainThread) await (await import("./main/process.ts")).run();
else (await import("./main/thread.ts")).run();
