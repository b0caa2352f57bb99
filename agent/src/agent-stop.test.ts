import { expect, test } from "vitest";
import { seconds } from "@interactor/shared/kernel/units";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { encodeStopLatch, type ZoneLatch } from "@interactor/shared/wire/messages/stop";
import { AgentStop } from "./agent-stop.ts";
import { Switchboard } from "./core/switchboard/switchboard.ts";
import type { Log } from "./ports/log.ts";

const ignore = () => undefined;
const log: Log = { info: ignore, warn: ignore, error: ignore };

/** What outlives the agent. */
class Disk {
  kept: readonly ZoneLatch[] = [];
  isFull = false;

  loadStop(): Promise<readonly ZoneLatch[]> {
    return Promise.resolve(this.kept);
  }

  saveStop(latches: readonly ZoneLatch[]): Promise<void> {
    if (this.isFull) return Promise.reject(new Error("no space left on device"));
    this.kept = latches;
    return Promise.resolve();
  }
}

async function life(disk: Disk) {
  const clock = new VirtualClock();
  const problems: (string | undefined)[] = [];
  const board = new Switchboard("pi", { apply: ignore, ownersChanged: ignore, held: ignore });
  const world = { clock, log, store: disk, refused: ignore, changed: ignore };
  const stop = new AgentStop({ zones: [], instances: [] }, board, {
    ...world,
    problem: (words) => void problems.push(words),
  });
  await stop.load("own");
  const hears = (...ids: readonly string[]) =>
    stop.take(
      "all",
      encodeStopLatch({
        v: 1,
        latched: true,
        by: "anna",
        at: 1,
        latches: ids.map((id) => ({ id, by: "anna", at: 1 })),
        released: [],
      }),
    );
  const timed = () => stop.report?.latches.map(({ id, tookMs }) => [id, tookMs !== undefined]);
  return { stop, clock, problems, hears, timed };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("how long obeying took is told of each latch that came in this life, and of no other", async () => {
  const disk = new Disk();
  const before = await life(disk);
  before.hears("a");
  await settled();
  expect(before.timed()).toEqual([["a", true]]);

  const after = await life(disk);
  expect(after.timed()).toEqual([["a", false]]);
  expect(after.stop.report?.tookMs).toBe(0);

  after.hears("a", "b");
  expect(after.timed()).toEqual([
    ["a", false],
    ["b", true],
  ]);
});

test("a stop that cannot be kept is obeyed, and is a problem until it is on disk", async () => {
  const disk = new Disk();
  const { clock, hears, problems, stop } = await life(disk);
  disk.isFull = true;
  hears("a");
  await settled();
  expect(stop.report?.latches.length).toBe(1);
  expect(problems.at(-1)).toContain("no space left on device");

  disk.isFull = false;
  clock.advance(seconds(5));
  await settled();

  expect(problems.at(-1)).toBeUndefined();
  expect(disk.kept).toMatchObject([{ id: "a", zone: "all" }]);
});
