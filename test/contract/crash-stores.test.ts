// Crash reports where they are kept, on a node and on the hub, and on their way between the two: real files.

import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { micros } from "@interactor/shared/kernel/units";
import { type CrashReport, crashBytesMax, encodeCrashReport } from "@interactor/shared/wire/messages/crash";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { millis } from "@interactor/shared/kernel/units";
import { openCrashStore as openNodeStore } from "../../agent/src/adapters/crash-store-files.ts";
import { systemClock } from "../../hub/src/adapters/clock-system.ts";
import { openCrashStore } from "../../hub/src/adapters/store-sqlite/crash-store.ts";
import { HubCrashes } from "../../hub/src/hub-crashes.ts";
import { crashesOfNodeMax } from "../../hub/src/ports/crash-store.ts";
import { emptyFolder } from "./folders.ts";

const log = { info() {}, warn() {}, error() {} };
const everything = { from: 0, max: 5000 };

const idOf = (number: number): string => number.toString(16).padStart(16, "0");
const reportOf = (number: number, more: Partial<CrashReport> = {}): CrashReport => ({
  v: 1,
  kind: "crash",
  id: idOf(number),
  guest: "worker",
  cause: "error",
  reason: "no lamp",
  instances: [{ instance: "lamp", module: "lamp", version: "1.0.0", digest: "" }],
  stack: "",
  told: [],
  said: [],
  upMs: 1,
  restarts: 0,
  times: 1,
  firstAt: micros(1.8e15),
  lastAt: micros(1.8e15 + number),
  isUnsynchronised: false,
  agentVersion: "0.1.0",
  ...more,
});

test("a node finds what it kept, in the last form, and puts away what is none", async () => {
  const folder = emptyFolder();
  const store = await openNodeStore(folder);
  void store.save(reportOf(1));
  void store.save(reportOf(2));
  void store.save(reportOf(1, { times: 2 }));
  await store.remove(idOf(2));
  writeFileSync(join(folder, `${idOf(3)}.cbor`), encodeCrashReport(reportOf(3)).subarray(0, 40));
  writeFileSync(join(folder, `${idOf(4)}.cbor.new`), encodeCrashReport(reportOf(4)));
  writeFileSync(join(folder, `${idOf(5)}.cbor`), encodeCrashReport(reportOf(6)));
  writeFileSync(join(folder, `${idOf(7)}.cbor`), Buffer.alloc(crashBytesMax + 1));

  expect(await (await openNodeStore(folder)).load()).toEqual([reportOf(1, { times: 2 })]);

  expect(readdirSync(folder)).toEqual([`${idOf(1)}.cbor`]);
});

test("a node finds what it kept among what it cannot put away, and does without a disk", async () => {
  const folder = emptyFolder();
  await (await openNodeStore(folder)).save(reportOf(2));
  for (const number of [1, 3]) mkdirSync(join(folder, `${idOf(number)}.cbor`));
  const nowhere = await openNodeStore(join(folder, `${idOf(2)}.cbor`, "crashes"));

  expect(await (await openNodeStore(folder)).load()).toEqual([reportOf(2)]);
  await expect(nowhere.load()).rejects.toThrow("ENOTDIR");
  await expect(nowhere.save(reportOf(4))).rejects.toThrow("ENOTDIR");
});

test("the hub has the last of each, those that came last first, of a node or of an instance", async () => {
  const folder = emptyFolder();
  {
    await using store = await openCrashStore({ folder, clock: systemClock(), log });
    const desk = { instance: "desk", module: "osc", version: "2.0.0", digest: "" };
    store.add({ node: "a", report: reportOf(1) }, micros(1));
    store.add({ node: "a", report: reportOf(2, { instances: [desk] }) }, micros(2));
    store.add({ node: "b", report: reportOf(3) }, micros(3));
    store.add({ node: "a", report: reportOf(1, { times: 9 }) }, micros(4));
  }
  await using store = await openCrashStore({ folder, clock: systemClock(), log });
  const listed = async (wanted: object) =>
    (await store.list({ ...everything, ...wanted })).map(({ node, report }) => [
      node,
      report.id,
      report.times,
    ]);

  expect(await listed({})).toEqual([
    ["a", idOf(1), 9],
    ["b", idOf(3), 1],
    ["a", idOf(2), 1],
  ]);
  expect(await listed({ node: "a", instance: "desk" })).toEqual([["a", idOf(2), 1]]);
  expect(await listed({ node: "nobody" })).toEqual([]);
  expect(await listed({ from: 1, max: 1 })).toEqual([["b", idOf(3), 1]]);
  expect(await store.find(idOf(3))).toMatchObject([{ node: "b" }]);
  expect(await store.find("' OR 1")).toEqual([]);
});

test("of one node it keeps so many, and another's are untouched", async () => {
  await using store = await openCrashStore({ folder: emptyFolder(), clock: systemClock(), log });
  store.add({ node: "b", report: reportOf(999_999) }, micros(0));
  for (let number = 0; number < crashesOfNodeMax + 3; number++)
    store.add({ node: "a", report: reportOf(number) }, micros(number));

  const kept = await new Promise<number>((resolve, reject) => {
    store.written.whenWritten((isWritten) => {
      expect(isWritten).toBe(true);
      store.list({ ...everything, node: "a" }).then((all) => resolve(all.length), reject);
    });
  });

  expect(kept).toBe(crashesOfNodeMax);
  expect(store.written.waitingBytes).toBe(0);
  expect(await store.find(idOf(2))).toEqual([]);
  expect(await store.find(idOf(3))).toHaveLength(1);
  expect(await store.find(idOf(999_999))).toHaveLength(1);
});

test("a node that says another's id takes nothing of that one away", async () => {
  await using store = await openCrashStore({ folder: emptyFolder(), clock: systemClock(), log });
  store.add({ node: "b", report: reportOf(1, { reason: "the lamp is gone" }) }, micros(1));

  store.add({ node: "a", report: reportOf(1, { reason: "all is well" }) }, micros(2));
  await new Promise((resolve) => store.written.whenWritten(resolve));

  expect((await store.list(everything)).map(({ node }) => node)).toEqual(["a", "b"]);
  expect((await store.find(idOf(1))).map(({ node }) => node)).toEqual(["a", "b"]);
  expect(await store.find(idOf(1), "b")).toMatchObject([{ report: { reason: "the lamp is gone" } }]);
});

test("who says what is no report, or too many of them, is refused, and others are not", async () => {
  await using store = await openCrashStore({ folder: emptyFolder(), clock: systemClock(), log });
  const clock = new VirtualClock();
  const crashes = new HubCrashes({ clock, log, store });
  const report = encodeCrashReport(reportOf(1));

  expect(crashes.said("a", new Uint8Array([0x80])).refusal).toBe("wrong-shape");
  expect(crashes.said("a", report.subarray(0, 9)).refusal).toBe("truncated");
  expect(crashes.said("a", new Uint8Array(crashBytesMax + 1)).refusal).toBe("too-large");
  const refusals = Array.from({ length: 20 }, () => crashes.said("a", report).refusal);
  expect(refusals.filter((each) => each === undefined)).toHaveLength(7);
  expect(refusals.at(-1)).toBe("rate");
  expect(crashes.said("b", report)).toMatchObject({ verdict: { kind: "keep", written: store.written } });

  clock.advance(millis(1000));
  expect(crashes.said("a", report).refusal).toBeUndefined();
  expect(crashes.said("a", report).refusal).toBe("rate");
});
