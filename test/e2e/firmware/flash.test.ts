// Firmware is written by the real avrdude through the real Optiboot, in an emulated ATmega328P.

import { createHash } from "node:crypto";
import { mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { flashBoard, type FlashJob, isInterrupted } from "@interactor/agent/flashing/flash-board.ts";
import { FirmwareUpdate } from "@interactor/agent/flashing/firmware-update.ts";
import { type ForeignJob, flashForeign } from "@interactor/agent/flashing/foreign-firmware.ts";
import type { Image } from "@interactor/agent/flashing/images.ts";
import { refusalFile } from "@interactor/agent/flashing/refusals.ts";
import { holdLine } from "@interactor/agent/serial-line/tty.ts";
import { newSteering, systemClock } from "@interactor/agent/src/adapters/clock-system.ts";
import { buildOptiboot } from "@interactor/firmware-bridges/bench/build.ts";
import type { FirmwareBench } from "@interactor/firmware-bridges/bench/bench.ts";
import { messageOf } from "@interactor/shared/kernel/fault";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { requires } from "../requires.ts";
import { BridgeHost } from "./bridge-host.ts";
import { openWorkbench, type Workbench } from "./workbench.ts";

const test = requires("avr-gcc", "avrdude", "gcc", "optiboot", "simavr");

let workbench: Workbench;
let optiboot: string;
let built: { readonly old: string; readonly next: Image; readonly mute: Image };
beforeAll(async () => {
  workbench = await openWorkbench();
  optiboot = await buildOptiboot(workbench.folder);
  const old = await workbench.build("bridge", "atmega328p", ["FIRMWARE_VERSION=0,9,0"]);
  const next = await imageOf(
    "2.0.0",
    await workbench.build("bridge", "atmega328p", ["FIRMWARE_VERSION=2,0,0"]),
  );
  // It runs, and says nothing that a bridge would say.
  const mute = await imageOf("2.0.0", await workbench.build("firmata-lite", "atmega328p"));
  built = { old, next, mute };
});
afterEach(() => workbench.clear());
afterAll(() => workbench[Symbol.asyncDispose]());

async function imageOf(release: string, file: string): Promise<Image> {
  const sha256 = createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
  return { release, file, sha256 };
}

const boardOf09 = (): Promise<FirmwareBench> =>
  workbench.start({ firmware: built.old, bootloader: optiboot, resetsOnOpen: true });

let boards = 0;
function jobFor(bench: FirmwareBench, image: Image): FlashJob {
  const clock = systemClock(newSteering());
  return {
    bootloader: { clock, path: bench.line, board: "uno" },
    image,
    folder: join(workbench.folder, "kept"),
    name: `board-${boards++}`,
    async greets(release) {
      const found = await releaseOf(bench);
      if (release !== undefined && found !== release) throw new Error(`it says ${found ?? "nothing"}`);
    },
  };
}

/** What the board says it runs; `undefined`: nothing within three seconds of its own. */
async function releaseOf(bench: FirmwareBench): Promise<string | undefined> {
  await using host = await BridgeHost.open(bench.line);
  const answer = host.ask({ kind: "hello", versionMin: 1, versionMax: 1 }).catch(() => undefined);
  const found = await Promise.race([answer, bench.elapse(3_000_000)]);
  return typeof found === "object" && found.kind === "welcome" ? found.release : undefined;
}

test("new firmware is written, read back, and has said its name", async () => {
  const bench = await boardOf09();
  expect(await releaseOf(bench)).toBe("0.9.0");
  const job = jobFor(bench, built.next);

  expect(await flashBoard(job, new AbortController().signal)).toEqual({ kind: "flashed" });

  expect(await releaseOf(bench)).toBe("2.0.0");
  expect(await isInterrupted(job.folder, job.name)).toBe(false);
}, 120_000);

test("firmware that does not answer is replaced by what was there", async () => {
  const bench = await boardOf09();
  const job = jobFor(bench, built.mute);

  const outcome = await flashBoard(
    {
      ...job,
      greets: async (release, signal) => {
        if (release !== undefined && (await releaseOf(bench)) === undefined)
          throw new Error("it says nothing");
        await job.greets(undefined, signal);
      },
    },
    new AbortController().signal,
  );

  expect(outcome).toEqual({ kind: "rolled-back", reason: "it says nothing" });
  expect(await releaseOf(bench)).toBe("0.9.0");
}, 120_000);

test("what was interrupted in the middle of writing is begun again, and can still go back", async () => {
  const bench = await boardOf09();
  const job = jobFor(bench, built.next);
  const abort = new AbortController();
  const flashing = flashBoard(job, abort.signal);
  const ending = flashing.catch(messageOf);
  while ((await bench.counts()).received < 3000) await bench.elapse(5000);
  abort.abort();
  expect(await ending).toMatch(/abort/u);

  expect(await isInterrupted(job.folder, job.name)).toBe(true);
  const kept = await stat(join(job.folder, `${job.name}.hex`));
  const mute = await flashBoard(
    {
      ...job,
      image: built.mute,
      greets: async (release, signal) => {
        if (release !== undefined) throw new Error("it says nothing");
        await job.greets(undefined, signal);
        if ((await releaseOf(bench)) !== "0.9.0") throw new Error("that is not what was there");
      },
    },
    new AbortController().signal,
  );

  expect(kept.size).toBeGreaterThan(10_000);
  expect(mute).toEqual({ kind: "rolled-back", reason: "it says nothing" });
  expect(await flashBoard(job, new AbortController().signal)).toEqual({ kind: "flashed" });
  expect(await releaseOf(bench)).toBe("2.0.0");
}, 180_000);

test("an image that is not what the agent was built with does not get near the board", async () => {
  const bench = await boardOf09();
  const file = join(workbench.folder, "spoilt.hex");
  await writeFile(file, `${await readFile(built.next.file, "utf8")}\n`);

  const outcome = await flashBoard(jobFor(bench, { ...built.next, file }), new AbortController().signal);

  expect(outcome).toEqual({ kind: "untouched", reason: `${file} is not what this agent was built with` });
  await bench.now();
  expect(bench.ofKind("host")).toEqual([]);
});

test("a line that somebody else has is left to him", async () => {
  const bench = await boardOf09();
  const line = { path: bench.line, baudRate: 9600, dataBits: 8, stopBits: 1, parity: "none" } as const;
  await using _other = await holdLine(line);

  const outcome = await flashBoard(jobFor(bench, built.next), new AbortController().signal);

  expect(outcome).toMatchObject({ kind: "untouched", reason: expect.stringMatching(/lock/iu) });
});

test("a board without a bootloader is left as it is", async () => {
  const bench = await workbench.start({ firmware: built.old });

  const outcome = await flashBoard(jobFor(bench, built.next), new AbortController().signal);

  expect(outcome).toMatchObject({
    kind: "untouched",
    byBoard: true,
    reason: expect.stringMatching(/^avrdude: /u),
  });
  expect(await releaseOf(bench)).toBe("0.9.0");
}, 120_000);

/** What lies in flash, from a hex file that begins at address 0 and has no holes. */
const programOf = (hex: string): Uint8Array =>
  Buffer.concat(
    hex
      .split(/\r?\n/u)
      .filter((record) => record.slice(7, 9) === "00")
      .map((record) => Buffer.from(record.slice(9, -2), "hex")),
  );

test("firmware that a module brings runs when it says its banner, and what was there comes back when it does not", async () => {
  const bench = await boardOf09();
  const links = join(workbench.folder, "by-id");
  await mkdir(links);
  const path = join(links, "usb-Acme_Board_75834353930351F0D1E2-if00");
  await symlink(bench.line, path);
  const program = programOf(await readFile(built.mute.file, "latin1"));
  // What Firmata says of itself when it starts.
  const banner = Uint8Array.of(0xf0, 0x79, 1, 1, 0x66, 0, 0x69, 0);
  const firmware = { board: "uno", program, baudRate: 57_600, banner } as const;
  const flash = (given: Partial<ForeignJob["firmware"]>, at = path) =>
    flashForeign(
      {
        path: at,
        firmware: { ...firmware, ...given },
        clock: systemClock(newSteering()),
        folder: join(workbench.folder, "kept"),
        links,
      },
      new AbortController().signal,
    );

  expect(await flash({}, bench.line)).toMatchObject({
    reason: expect.stringContaining("another board tomorrow"),
  });
  expect(await flash({ program: new Uint8Array(40_000) })).toMatchObject({
    reason: "the firmware has 40000 bytes, and 30720 fit into an atmega328p",
  });
  expect(await flash({ banner: Uint8Array.of(1) })).toMatchObject({
    kind: "untouched",
    reason: expect.stringContaining("its banner has 1 bytes"),
  });
  await bench.now();
  expect(bench.ofKind("host")).toEqual([]);
  expect(await flash({ banner: Buffer.from("acme 2.0") })).toEqual({
    kind: "rolled-back",
    reason: "it does not answer",
  });
  expect(await releaseOf(bench)).toBe("0.9.0");

  expect(await flash({})).toEqual({ kind: "flashed" });
}, 240_000);

test("somebody else's firmware that is put back is not asked what it cannot answer, and the try is remembered", async () => {
  const bench = await boardOf09();
  const folder = join(workbench.folder, "refused");
  const serialNumber = "75834353930351F0D1E3";
  // Nothing that is written here answers it, nor does what was there.
  const question = { baudRate: 57_600, bytes: new Uint8Array(), listen: () => () => undefined };
  const order = {
    firmware: "firmata-lite",
    question,
    board: "uno",
    serialNumber,
    overwrite: true,
    folder,
  } as const;
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
  };
  const tried = Promise.withResolvers<void>();
  const update = new FirmwareUpdate(order, { clock: systemClock(newSteering()), log }, tried.resolve);

  expect(update.isWanted({ firmware: "bridge", release: "0.9.0" })).toBe(true);
  update.begin(bench.line, Promise.resolve());
  await tried.promise;

  expect(update.withNote("lost")).toBe(
    "lost; the new firmware did not come up, and the one before runs again: it does not answer",
  );
  expect(await isInterrupted(folder, serialNumber)).toBe(false);
  expect((await stat(refusalFile({ folder, serialNumber }))).size).toBeGreaterThan(0);
  expect(await releaseOf(bench)).toBe("0.9.0");
}, 240_000);
