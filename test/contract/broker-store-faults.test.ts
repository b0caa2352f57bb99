// The store of the broker on SQLite against what happens to machines: it is killed, its disk is full, its file is
// damaged, its folder is not to be written.

import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { micros } from "@interactor/shared/kernel/units";

import { systemClock } from "../../hub/src/adapters/clock-system.ts";
import { openBrokerStore } from "../../hub/src/adapters/store-sqlite/store-sqlite.ts";
import type { BrokerStore, StoreChange } from "../../hub/src/ports/broker-store.ts";
import { brokerLimits } from "../../hub/src/ports/broker.ts";
import { emptyFolder, fillDisk, isRoot, mountedFolder } from "./folders.ts";
import { payloadOf } from "./numbered-payload.ts";

interface Opened {
  readonly store: BrokerStore;
  /** What was logged, a line each with its level. */
  readonly lines: string[];
}

async function open(folder: string, limits = brokerLimits): Promise<Opened> {
  const lines: string[] = [];
  const say =
    (level: string) =>
    (message: string, details: Readonly<Record<string, unknown>> = {}): void =>
      void lines.push(`${level} ${message} ${JSON.stringify(details)}`);
  const log = { info: say("info"), warn: say("warn"), error: say("error") };
  return { store: await openBrokerStore({ folder, limits, clock: systemClock(), log }), lines };
}

function written(store: BrokerStore): Promise<boolean> {
  return new Promise((resolve) => store.whenWritten(resolve));
}

function retained(topic: string, bytes = 100, at = micros(1)): StoreChange {
  return { kind: "retained", message: { topic, payload: Buffer.alloc(bytes, 1), qos: 1, owner: "ana", at } };
}

function queued(client: string, number: number, bytes = 100): StoreChange {
  const message = { number, topic: "a", payload: Buffer.alloc(bytes), qos: 1, at: micros(number) } as const;
  return { kind: "queued", client, message };
}

/** Starts the writer and kills it a moment after its first message was written and done. Gives the lines it printed. */
async function killWriter(folder: string, client: string, afterMillis: number): Promise<readonly string[]> {
  const program = join(import.meta.dirname, "broker-store-writer.ts");
  const child: ChildProcess = spawn(process.execPath, [program, folder, client], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    const isUnderWay = /^gone /m.test(output);
    output += text;
    if (!isUnderWay && /^gone /m.test(output)) setTimeout(() => child.kill("SIGKILL"), afterMillis);
  });
  const signal = await new Promise((resolve) => child.on("close", (_code, signal) => resolve(signal)));
  expect(signal).toBe("SIGKILL");
  // The last line may be cut.
  return output.split("\n").slice(0, -1);
}

function numbersOf(lines: readonly string[], word: string): readonly number[] {
  return lines.filter((line) => line.startsWith(`${word} `)).map((line) => Number(line.split(" ")[1]));
}

test("what was reported as written is there after the process was killed at any point", async () => {
  const folder = emptyFolder();
  const limits = { ...brokerLimits, sessionMessagesMax: 1_000_000 };
  const told = new Map<string, readonly string[]>();
  for (let round = 1; round <= 6; round++) {
    const client = `round ${round}`;
    told.set(client, await killWriter(folder, client, round * 37));

    const { store, lines } = await open(folder, limits);
    await using _ = store;

    expect(lines).toEqual([]);
    expect(store.kept.sessions.map(({ client }) => client)).toEqual([...told.keys()]);
    for (const { client, messages } of store.kept.sessions) {
      const lines = told.get(client) ?? [];
      const kept = new Set(messages.map(({ number }) => number));
      const mayBeGone = new Set(numbersOf(lines, "done"));
      const reported = numbersOf(lines, "queued");
      expect(reported.length).toBeGreaterThan(10);
      expect(numbersOf(lines, "gone").length).toBeGreaterThan(0);
      expect(reported.filter((number) => !kept.has(number) && !mayBeGone.has(number))).toEqual([]);
      expect(numbersOf(lines, "gone").filter((number) => kept.has(number))).toEqual([]);
      expect(messages.filter(({ number, payload }) => !payloadOf(number).equals(payload))).toEqual([]);
      // A commit is whole: what was written with the last message says its number.
      const last = Number(
        store.kept.retained.find(({ topic }) => topic === `last of ${client}`)?.payload.toString(),
      );
      expect(Math.max(...kept)).toBeLessThanOrEqual(last);
      expect(kept.has(last) || mayBeGone.has(last)).toBe(true);
    }
  }
}, 30_000);

test.skipIf(!isRoot)(
  "on a full disk nothing is acknowledged, and all of it is written when there is space again",
  async () => {
    const folder = mountedFolder(1024);
    const { store, lines } = await open(folder);
    store.write({ kind: "session-opened", client: "ana" });
    expect(await written(store)).toBe(true);
    const ballast = join(folder, "ballast");
    fillDisk(ballast);

    let written1 = true;
    let number = 0;
    while (written1 && number < 1000) {
      store.write(queued("ana", ++number, 4000));
      written1 = await written(store);
    }
    store.write(retained("late"));
    expect(written1).toBe(false);
    expect(store.waitingBytes).toBeGreaterThan(4000);
    expect(await written(store)).toBe(false);
    rmSync(ballast);
    expect(await written(store)).toBe(true);

    expect(store.waitingBytes).toBe(0);
    expect(lines).toEqual([
      expect.stringMatching(/^error .*cannot be written.*SQLITE_(FULL|IOERR)/),
      expect.stringMatching(/^info .*written again/),
    ]);
    await store[Symbol.asyncDispose]();
    const { store: reopened } = await open(folder);
    await using _ = reopened;
    expect(reopened.kept.sessions[0]?.messages).toHaveLength(number);
    expect(reopened.kept.retained).toHaveLength(1);
  },
);

/** A store's file that was closed with many messages in it. */
async function filledFile(): Promise<{ readonly folder: string; readonly path: string }> {
  const folder = emptyFolder();
  const { store } = await open(folder);
  store.write({ kind: "session-opened", client: "ana" });
  for (let number = 1; number <= 500; number++) store.write(queued("ana", number));
  await store[Symbol.asyncDispose]();
  return { folder, path: join(folder, "broker.sqlite") };
}

const damages: readonly (readonly [string, (path: string) => void])[] = [
  ["is no database", (path) => writeFileSync(path, Buffer.alloc(50_000, "garbage "))],
  ["ends in its middle", (path) => truncateSync(path, Math.floor(statSync(path).size / 8192) * 4096)],
  [
    "breaks the rules of its tables",
    (path) => {
      const database = new DatabaseSync(path);
      database.exec("PRAGMA ignore_check_constraints = ON; UPDATE message SET qos = 7 WHERE number = 250");
      database.close();
    },
  ],
  [
    "has garbage among its pages",
    (path) => {
      const bytes = readFileSync(path);
      bytes.fill(0xa5, 4096 * 2, bytes.length - 4096);
      writeFileSync(path, bytes);
    },
  ],
];

test.each(damages)("a file that %s is set aside, and work goes on", async (_, damage) => {
  const { folder, path } = await filledFile();
  damage(path);
  const damaged = readFileSync(path);

  const { store, lines } = await open(folder);
  expect(store.kept).toEqual({ sessions: [], retained: [] });
  store.write(retained("new"));
  expect(await written(store)).toBe(true);
  await store[Symbol.asyncDispose]();

  expect(lines).toEqual([expect.stringMatching(/^error .*damaged and was set aside/)]);
  const aside = readdirSync(folder).filter((name) => /^broker\.sqlite\.corrupt-\d{4}-\d\d-\d\dT/.test(name));
  expect(aside).toHaveLength(1);
  expect(readFileSync(join(folder, aside[0] ?? "")).equals(damaged)).toBe(true);
  const { store: reopened } = await open(folder);
  await using _store = reopened;
  expect(reopened.kept.retained.map(({ topic }) => topic)).toEqual(["new"]);
});

test("of damaged files the last three are kept", async () => {
  const folder = emptyFolder();
  for (let time = 1; time <= 5; time++) {
    writeFileSync(join(folder, "broker.sqlite"), "garbage ".repeat(1000));
    const { store } = await open(folder);
    await store[Symbol.asyncDispose]();
  }

  expect(readdirSync(folder).filter((name) => name.includes(".corrupt-"))).toHaveLength(3);
});

test("a log that was torn off brings back what came before, whole commits of it", async () => {
  const folder = emptyFolder();
  await killWriter(folder, "ana", 100);
  const log = join(folder, "broker.sqlite-wal");
  truncateSync(log, Math.floor(statSync(log).size * 0.6));

  const { store, lines } = await open(folder, { ...brokerLimits, sessionMessagesMax: 1_000_000 });
  await using _ = store;

  expect(lines).toEqual([]);
  const messages = store.kept.sessions[0]?.messages ?? [];
  expect(messages.length).toBeGreaterThan(0);
  expect(messages.filter(({ number, payload }) => !payloadOf(number).equals(payload))).toEqual([]);
});

test("a file of a newer hub is refused and left as it is", async () => {
  const { folder, path } = await filledFile();
  const database = new DatabaseSync(path);
  database.exec("PRAGMA user_version = 99");
  database.close();

  await expect(open(folder)).rejects.toMatchObject({
    code: "BROKER_STORE_NEWER",
    message: expect.stringMatching(/newer hub.*version 99.*start that hub/),
  });
  expect(readdirSync(folder)).toEqual(["broker.sqlite"]);
});

test("a folder that cannot be written is refused with what to do", async () => {
  const readOnly = isRoot ? mountedFolder(1024, "ro") : emptyFolder();
  if (!isRoot) chmodSync(readOnly, 0o500);
  const file = join(emptyFolder(), "file");
  writeFileSync(file, "");
  const folderInItsPlace = emptyFolder();
  mkdirSync(join(folderInItsPlace, "broker.sqlite"));

  for (const folder of [readOnly, file, join(file, "below"), folderInItsPlace]) {
    await expect(open(folder)).rejects.toMatchObject({
      code: "BROKER_STORE_UNUSABLE",
      message: expect.stringMatching(/^cannot keep .*broker\.sqlite.*give another --data$/),
    });
  }
});

test("what is over a limit is evicted when the file is read: the oldest goes", async () => {
  const folder = emptyFolder();
  const { store } = await open(folder);
  for (const [index, client] of ["away longest", "away", "away shortest", "here"].entries()) {
    store.write({ kind: "session-opened", client });
    const since = client === "here" ? undefined : micros(index + 1);
    store.write({ kind: "session-away", client, since });
    for (let number = 1; number <= 10; number++) store.write(queued(client, number * 10 + index, 99));
  }
  for (const [index, topic] of ["c", "b", "a", "other"].entries()) {
    const owner = topic === "other" ? "ben" : "ana";
    const message = { topic, payload: Buffer.of(1), qos: 1, owner, at: micros(index + 1) } as const;
    store.write({ kind: "retained", message });
  }
  await store[Symbol.asyncDispose]();

  const limits = {
    ...brokerLimits,
    sessionsMax: 2,
    sessionMessagesMax: 8,
    sessionBytesMax: 1500,
    retainedMax: 2,
    retainedPerClientMax: 2,
  };
  const { store: reopened, lines } = await open(folder, limits);
  await using _ = reopened;

  expect(reopened.kept.sessions.map(({ client, messages }) => [client, messages.length])).toEqual([
    ["away", 5],
    ["away shortest", 5],
    ["here", 5],
  ]);
  const lowest = reopened.kept.sessions.map(({ messages }) => messages[0]?.number);
  expect(lowest).toEqual([61, 62, 63]);
  expect(reopened.kept.retained.map(({ topic }) => topic)).toEqual(["a", "other"]);
  expect(lines).toEqual([
    `warn sessions and retained messages over their limits were evicted ${JSON.stringify({ sessions: 1, messages: 15, retained: 2 })}`,
  ]);
});
