import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { encodeWidgetFrame, labels } from "@interactor/firmware-bridges/dmx-pro/host/codec.ts";
import { millis, seconds } from "@interactor/shared/sdk/define-module";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { chipOf } from "./boards.ts";
import { FirmwareUpdate } from "./firmware-update.ts";
import { findImage } from "./images.ts";
import { forgetRefusal, keepRefusal, refusalFile } from "./refusals.ts";

const clock = new VirtualClock();
const logged: string[] = [];
const log = {
  info: () => undefined,
  warn: (words: string) => void logged.push(words),
  error: () => undefined,
};

function updateWith({
  firmware = "firmata-lite",
  overwrite = false,
  folder = "/nowhere",
  // Some program that is there; none of these tests comes as far as running it.
  program = process.execPath,
} = {}): FirmwareUpdate {
  const question = {
    baudRate: 57_600,
    bytes: encodeWidgetFrame(labels.getDevice),
    listen: () => () => undefined,
  };
  const board = { board: "uno", serialNumber: "75834353930351F0D1E2", folder } as const;
  const context = { clock, log };
  const order = { ...board, firmware, question, overwrite, program };
  return new FirmwareUpdate(order, context, () => undefined);
}

test.each([
  ["the same release, in three numbers", "firmata-lite", "1.1.0", false],
  ["the same release, in two", "firmata-lite", "1.1", false],
  ["an older one", "firmata-lite", "0.9", true],
  ["one that only begins alike", "firmata-lite", "1.00", true],
  ["some other firmware", "StandardFirmata.ino", "1.0", false],
])("a board with %s is replaced: %s %s: %s", (_what, firmware, release, isReplaced) => {
  expect(updateWith().isWanted({ firmware, release })).toBe(isReplaced);
});

test("some other firmware is replaced where that is said", () => {
  expect(updateWith({ overwrite: true }).isWanted({ firmware: "StandardFirmata.ino", release: "2.5" })).toBe(
    true,
  );
});

test("what the agent has no image for is never replaced", () => {
  const update = updateWith({ firmware: "dmx-pro", overwrite: true });

  expect(update.isWanted({ firmware: "dmx-pro", release: "0.9" })).toBe(false);
});

/** A greeting of ten seconds to its end, or until what is greeted goes away. */
function greet(update: FirmwareUpdate, { goesAfter }: { readonly goesAfter?: number } = {}): void {
  const opening = new AbortController();
  update.asked(seconds(10), opening.signal);
  clock.advance(millis(goesAfter ?? 10_000));
  opening.abort();
  // Until it is plugged in again.
  clock.advance(seconds(60));
}

test("one that does not answer is given up after three times, and only where that is said", () => {
  const [careful, bold] = [updateWith(), updateWith({ overwrite: true })];
  for (const update of [careful, bold]) for (let time = 0; time < 3; time++) greet(update);

  expect([careful.isGivenUp, bold.isGivenUp]).toEqual([false, true]);
  bold.isWanted({ firmware: "firmata-lite", release: "1.0" });
  expect(bold.isGivenUp).toBe(false);
});

test("one that is unplugged before it can answer is not given up, however often", () => {
  const update = updateWith({ overwrite: true });

  for (let time = 0; time < 10; time++) greet(update, { goesAfter: 1000 });

  expect(update.isGivenUp).toBe(false);
});

test("one that says anything at all is not given up, early or late", () => {
  const update = updateWith({ overwrite: true });
  greet(update);
  greet(update);

  for (let time = 0; time < 3; time++) {
    update.asked(seconds(10), new AbortController().signal);
    update.heard();
    clock.advance(seconds(60));
  }
  greet(update);
  greet(update);
  expect(update.isGivenUp).toBe(false);

  greet(update);
  update.heard();
  expect(update.isGivenUp).toBe(false);
});

test("what came to nothing before is not begun again, and it is said what to do", async () => {
  const folder = await mkdtemp(join(tmpdir(), "interactor-refused-"));
  const { sha256 = "" } = findImage("firmata-lite", chipOf("uno")) ?? {};
  const attempt = { folder, serialNumber: "75834353930351F0D1E2", board: "uno", sha256 } as const;
  const isReplaced = async (): Promise<boolean> => {
    const update = updateWith({ folder });
    await update.refuseWhileDue("/dev/nothing-here");
    return update.isWanted({ firmware: "firmata-lite", release: "0.9" });
  };

  await keepRefusal(attempt, "it does not answer");
  expect(await isReplaced()).toBe(false);
  expect(logged.at(-1)).toBe(
    "firmware firmata-lite 1.1.0 is not written, because it came to nothing before (it does not answer): " +
      `correct \`flash\` (it says uno), or delete ${refusalFile(attempt)} and start again`,
  );

  // Of another image, of another kind of board, or half-written.
  await keepRefusal({ ...attempt, sha256: "0".repeat(64) }, "it does not answer");
  expect(await isReplaced()).toBe(true);
  await keepRefusal({ ...attempt, board: "nano-old" }, "it does not answer");
  expect(await isReplaced()).toBe(true);
  await writeFile(refusalFile(attempt), `uno ${sha256.slice(0, 20)}`);
  expect(await isReplaced()).toBe(true);

  await keepRefusal(attempt, "it does not answer");
  await forgetRefusal(attempt);
  expect(await isReplaced()).toBe(true);
  await rm(folder, { recursive: true });
});

const late = "it did not answer in time";

test("a board that says nothing is told with what becomes of it, or with what to do", () => {
  const [careful, bold] = [updateWith(), updateWith({ overwrite: true })];
  expect(careful.withNote(late)).toBe(late);
  for (const update of [careful, bold]) greet(update);

  expect(careful.withNote(late)).toBe(
    `${late}; it says nothing that firmware firmata-lite would say: if what is in it may go, ` +
      "`overwrite: true` beside `flash` writes ours over it",
  );
  expect(bold.withNote(late)).toBe(
    `${late}; it says nothing that firmware firmata-lite would say (1 of 3 times, then it is replaced)`,
  );
  expect(careful.withNote(undefined)).toBeUndefined();
  careful.heard();
  expect(careful.withNote(late)).toBe(late);
});

test("one that is not plugged in is told without a note", () => {
  const update = updateWith();
  greet(update);
  const told: (string | undefined)[] = [];
  const listener = update.telling({ changed: (_state, complaint) => void told.push(complaint) });
  const tries = { attempt: 1, misses: 0, failures: 1, dueAt: clock.now() } as const;

  listener.changed({ ...tries, kind: "absent", reason: late }, late);
  listener.changed({ ...tries, kind: "lost", reason: late, failsAlways: false }, late);

  expect(told).toEqual([late, expect.stringContaining("`overwrite: true`")]);
});

test("without avrdude nothing is begun, it is said how to get it, and with it the board is tried again", async () => {
  const folder = await mkdtemp(join(tmpdir(), "interactor-avrdude-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const program = join(folder, "avrdude");
  const update = updateWith({ folder, program, overwrite: true });
  const before = logged.length;
  const older = { firmware: "firmata-lite", release: "0.9" };
  const words = `firmware firmata-lite 1.1.0 is not written, because ${program} is not installed: apt install avrdude`;

  for (let time = 0; time < 3; time++) greet(update);
  await expect(update.refuseWhileDue("/dev/nothing-here")).resolves.toBeUndefined();
  expect(update.withNote(late)).toBe(`${late}; ${words}`);
  expect(update.isWanted(older)).toBe(false);
  expect(logged.slice(before)).toEqual([words]);

  await writeFile(program, "");
  await chmod(program, 0o755);
  await update.refuseWhileDue("/dev/nothing-here");
  expect(update.isWanted(older)).toBe(true);
  expect(update.withNote(late)).toBe(late);
});

test("how the last try ended is told for as long as the board does not work", async () => {
  const folder = await mkdtemp(join(tmpdir(), "interactor-outcome-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const update = updateWith({ folder });

  update.begin("/dev/nothing-here", Promise.resolve());
  expect(update.withNote(late)).toBe(late);
  await vi.waitFor(() =>
    expect(update.withNote(late)).toMatch(
      /^it did not answer in time; firmware was not written: .*nothing-here/u,
    ),
  );
  greet(update);

  expect(update.withNote(late)).toContain("; firmware was not written: ");
});

test("nothing is begun once the instance has ended", async () => {
  const update = updateWith({ firmware: "firmata-lite" });
  await update.stop();

  update.begin("/dev/nothing-here", Promise.resolve());

  // It would refuse a line that is being written to.
  await expect(update.refuseWhileDue("/dev/nothing-here")).resolves.toBeUndefined();
});

test("an instance ends although the line is never let go of", async () => {
  const update = updateWith();
  update.begin("/dev/nothing-here", new Promise(() => undefined));
  await expect(update.refuseWhileDue("/dev/nothing-here")).rejects.toThrow("being written");

  await update.stop();

  await expect(update.refuseWhileDue("/dev/nothing-here")).resolves.toBeUndefined();
});
