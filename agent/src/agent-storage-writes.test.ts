import { expect, test } from "vitest";
import { seconds } from "@interactor/shared/kernel/units";
import type { ToGuest } from "@interactor/shared/sdk/guest-messages";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import type { Value } from "@interactor/shared/wire/value";
import { InstanceServices } from "./agent-services.ts";
import { InstanceStorage } from "./agent-storage.ts";
import { pacedWrites } from "./agent-storage-writes.ts";
import type { Stored } from "./ports/module-services.ts";

const denied = (): Promise<never> => Promise.reject(new Error("no such service"));
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A disk that counts what is written to it, and can be full. */
function bench() {
  const clock = new VirtualClock();
  const written: Stored[] = [];
  const disk = { isFull: false };
  const services = pacedWrites(
    {
      loadStored: () => Promise.resolve(written.at(-1) ?? {}),
      saveStored(_instance, stored) {
        if (disk.isFull) return Promise.reject(new Error("no space"));
        written.push(stored);
        return Promise.resolve();
      },
      connect: denied,
      readFile: denied,
      isSerialLine: denied,
      openSerial: denied,
      flash: denied,
      resting: () => [],
    },
    clock,
  );
  const told: ToGuest[] = [];
  let question = 0;
  const spec = { name: "clerk", module: "clerk", settings: {} };
  const instance = (): InstanceServices =>
    new InstanceServices(
      { run: "clerk", spec, storage: new InstanceStorage(spec, services) },
      services,
      (message) => void told.push(message),
    );
  let own = instance();
  return {
    clock,
    written,
    disk,
    told,
    services,
    restart: () => (own = instance()),
    set: (key: string, value: Value) => own.take(["ask", "clerk", (question += 1), ["set", key, value]]),
    get: (key: string) => own.take(["ask", "clerk", (question += 1), ["get", key]]),
  };
}

test("who sets a small key for ever has it written twice a second, with all that it set meanwhile", async () => {
  const { clock, written, told, set } = bench();

  for (let turn = 0; turn < 1200; turn++) {
    set(`key-${turn % 4}`, turn);
    await settled();
    clock.advance(seconds(0.05));
  }
  clock.advance(seconds(1));
  await settled();

  expect(written.length).toBeGreaterThan(100);
  expect(written.length).toBeLessThan(150);
  expect(written.at(-1)).toEqual(
    Object.fromEntries([1196, 1197, 1198, 1199].map((turn) => [`key-${turn % 4}`, turn])),
  );
  const done = told.filter((message) => message[0] === "told" && message[3].length === 0);
  expect(done).toHaveLength(1200);
});

test("what waits to be written is there for the life that comes next", async () => {
  const { clock, set, get, told, restart } = bench();
  for (let turn = 0; turn < 12; turn++) {
    set("lamp", turn);
    await settled();
  }

  restart();
  get("lamp");
  await settled();

  expect(told.at(-1)?.at(3)).toEqual([11]);
  clock.advance(seconds(1));
});

test("who asked is told that the disk did not take it, and what was kept before is what it has", async () => {
  const { disk, set, get, told } = bench();
  set("lamp", "on");
  await settled();
  disk.isFull = true;

  set("lamp", "off");
  await settled();
  get("lamp");
  await settled();

  expect(told.map((message) => message[3])).toEqual([[], ["FAILED", "no space"], ["on"]]);
});

test("who ends waits for no pace, with the little that it writes then", async () => {
  const { written, told, set, services } = bench();
  for (let turn = 0; turn < 30; turn++) set("lamp", turn);
  await settled();
  for (let turn = 30; turn < 60; turn++) {
    set("lamp", turn);
    await settled();
  }
  expect(written.at(-1)).not.toEqual({ lamp: 59 });
  const before = written.length;

  await services.flush?.("clerk");
  await settled();
  expect(written.at(-1)).toEqual({ lamp: 59 });
  expect(told.map((message) => message[3])).toEqual(Array.from({ length: 60 }, () => []));
  for (let turn = 0; turn < 20; turn++) {
    set("lamp", turn);
    await settled();
  }

  expect(written.length - before).toBe(4);
});

test("changes that wait to be written are no questions, and more than it may have keys are refused", async () => {
  const { told, set, get, services } = bench();
  for (let turn = 0; turn < 12; turn++) {
    set("lamp", turn);
    await settled();
  }
  told.length = 0;

  for (let turn = 0; turn < 300; turn++) set("lamp", turn);
  get("lamp");
  await settled();
  const replies = told.flatMap((message) => (message[0] === "told" ? [message[3]] : []));
  const refused = replies.filter(([code]) => code === "TOO_MANY");
  expect(refused.length).toBeGreaterThanOrEqual(300 - 256);
  expect(refused.length).toBeLessThan(60);
  expect(replies.some(({ length }) => length === 1)).toBe(true);

  await services.flush?.("clerk");
});
