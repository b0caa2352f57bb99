import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { loadKernel } from "./kernel.ts";
import { waitMillis } from "./limits.ts";
import { ReadyDescriptors } from "./ready-descriptors.ts";

let folder: string;
let descriptors: number[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ready-descriptors-"));
  descriptors = Array.from({ length: 8 }, (_, index) => {
    const path = join(folder, String(index));
    execFileSync("mkfifo", [path]);
    return openSync(path, "r+");
  });
});

afterEach(() => {
  for (const descriptor of descriptors) closeSync(descriptor);
  rmSync(folder, { recursive: true });
});

function watchAll(ready: ReadyDescriptors) {
  const heard: string[] = [];
  const failures: number[] = [];
  const unwatch = descriptors.map((descriptor, index) =>
    ready.watch(descriptor, {
      ready() {
        const bytes = Buffer.alloc(16);
        const text = bytes.toString("latin1", 0, readSync(descriptor, bytes));
        if (text === "bad") throw new Error("not to be understood");
        heard.push(`${index}: ${text}`);
      },
      failed: () => failures.push(index),
    }),
  );
  return { heard, failures, unwatchAll: () => Promise.all(unwatch.map((each) => each())) };
}

test("each hears what is its own, and the files of the process do not wait for it", async () => {
  const { heard, unwatchAll } = watchAll(new ReadyDescriptors(await loadKernel()));

  const times: number[] = [];
  for (let count = 0; count < 9; count += 1) {
    const begin = performance.now();
    await stat(folder);
    times.push(performance.now() - begin);
  }
  for (const index of [5, 0, 7]) {
    writeSync(descriptors[index] ?? -1, "edge");
    await vi.waitFor(() => expect(heard).toContain(`${index}: edge`), 5000);
  }
  await unwatchAll();

  expect(heard).toHaveLength(3);
  // With a wait for each of them a file takes as long as two waits.
  expect(times.toSorted((left, right) => left - right)[4]).toBeLessThan(waitMillis);
});

test("one that fails is left alone, and the others are heard on", async () => {
  const { heard, failures, unwatchAll } = watchAll(new ReadyDescriptors(await loadKernel()));

  writeSync(descriptors[3] ?? -1, "bad");
  await vi.waitFor(() => expect(failures).toEqual([3]), 5000);
  writeSync(descriptors[4] ?? -1, "good");
  await vi.waitFor(() => expect(heard).toEqual(["4: good"]), 5000);

  await unwatchAll();
});

test("after its end nothing is heard, and another may begin", async () => {
  const ready = new ReadyDescriptors(await loadKernel());
  const first = watchAll(ready);
  await first.unwatchAll();
  writeSync(descriptors[1] ?? -1, "late");

  const second = watchAll(ready);
  await vi.waitFor(() => expect(second.heard).toEqual(["1: late"]), 5000);
  await second.unwatchAll();

  expect(first.heard).toEqual([]);
});
