// The kernel's own answers, with eventfds in the place of lines: a line is as anonymous a descriptor as they are.

import { readdirSync, readlinkSync } from "node:fs";
import { Worker } from "node:worker_threads";
import koffi from "koffi";
import { expect, test } from "vitest";
import { loadKernel } from "./kernel.ts";
import { letGoOfOrphans } from "./orphans.ts";

const eventTarget = "anon_inode:[eventfd]";
const openEvent = koffi.load("libc.so.6").func("int eventfd(unsigned int first, int flags)");

const isOpen = (descriptor: number): boolean => readdirSync("/proc/self/fd").includes(String(descriptor));

/** Opens a descriptor past Node, notes it, says its number and waits to be ended. */
const program = `
  const { parentPort } = require("node:worker_threads");
  (async () => {
    const koffi = require("koffi");
    const descriptor = koffi.load("libc.so.6").func("int eventfd(unsigned int first, int flags)")(0, 0);
    const { loadKernel } = await import(${JSON.stringify(new URL("kernel.ts", import.meta.url).href)});
    (await loadKernel()).own(descriptor);
    parentPort.postMessage(descriptor);
    setInterval(() => undefined, 1000);
  })();
`;

test("a line of a thread that died is let go of, those of threads that live are not", async () => {
  const kernel = await loadKernel();
  const mine = Number(openEvent(0, 0));
  kernel.own(mine);
  const threads = await Promise.all(
    [0, 1].map(async () => {
      const worker = new Worker(program, { eval: true });
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      worker.once("message", resolve);
      worker.once("error", reject);
      return { worker, descriptor: await promise };
    }),
  );
  const [dying, living] = threads;
  if (dying === undefined || living === undefined) throw new Error("two threads were begun");
  expect(readlinkSync(`/proc/self/fd/${dying.descriptor}`)).toBe(eventTarget);

  await dying.worker.terminate();
  // What this test is about: Node leaves it open.
  expect(isOpen(dying.descriptor)).toBe(true);
  const owned = {
    ...kernel,
    isOwned: (each: number) =>
      !threads.some((of) => of.descriptor === each) && each !== mine ? true : kernel.isOwned(each),
  };
  const count = await letGoOfOrphans(owned, eventTarget);

  expect([count, isOpen(dying.descriptor), isOpen(living.descriptor), isOpen(mine)]).toEqual([
    1,
    false,
    true,
    true,
  ]);
  await living.worker.terminate();
  kernel.close(living.descriptor);
  kernel.close(mine);
});
