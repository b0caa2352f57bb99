import { describe, expect, test } from "vitest";
import { millis, seconds } from "@interactor/shared/kernel/units";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { decodeStopLatch, encodeStopLatch, type StopLatch } from "@interactor/shared/wire/messages/stop";
import type { PresenceState } from "./core/presence/presence.ts";
import type { KeptStop } from "./core/stop/stop-book.ts";
import { HubStop } from "./hub-stop.ts";
import type { Log } from "./ports/log.ts";
import type { StopStore } from "./ports/stop-store.ts";

const nobody: PresenceState = new Map();
const isoOf = (at: number) => String(at);

/** A disk in memory: it takes what is written as soon as it may. */
class Disk implements StopStore {
  kept: KeptStop | "unreadable" | undefined;
  writes = 0;
  isFull = false;

  constructor(kept: Disk["kept"]) {
    this.kept = kept;
  }

  load(): Promise<Disk["kept"]> {
    return Promise.resolve(this.kept);
  }

  save(kept: KeptStop): Promise<void> {
    this.writes += 1;
    if (this.isFull) return Promise.reject(new Error("no space left on device"));
    this.kept = kept;
    return Promise.resolve();
  }
}

const emptyBook: KeptStop = { zones: {}, members: {} };

async function bench({ kept }: { readonly kept: Disk["kept"] } = { kept: emptyBook }) {
  const clock = new VirtualClock();
  const disk = new Disk(kept);
  const lines: string[] = [];
  const said: (readonly [zone: string, document: StopLatch])[] = [];
  const write = (message: string) => void lines.push(message);
  const log: Log = { info: write, warn: write, error: write };
  const stop = new HubStop("salt", {
    clock,
    log,
    store: disk,
    digestOf: (bytes) => Buffer.from(bytes).toString("hex").slice(-16),
    publish: (zone, payload) => {
      const decoded = decodeStopLatch(payload);
      if (decoded.ok) said.push([zone, decoded.value]);
    },
  });
  await stop.load();
  const ask = (asking: Partial<StopLatch>, zone = "all") =>
    stop.asked(zone, encodeStopLatch({ v: 1, latched: true, by: "anna", at: 1, ...asking }), nobody);
  return {
    clock,
    disk,
    lines,
    said,
    stop,
    ask,
    idsSaid: () => said.at(-1)?.[1].latches?.map(({ id }) => id),
  };
}

describe("a flood of presses", () => {
  test("is said at once, and then ten times a second with all that came", async () => {
    const { said, ask, clock, lines, disk } = await bench();

    for (let press = 0; press < 2000; press += 1) {
      ask({});
      clock.advance(millis(0.5));
    }
    clock.advance(millis(200));

    expect(said.length).toBeLessThan(14);
    expect(said[0]?.[1].latched).toBe(true);
    expect(said.at(-1)?.[1].latches?.length).toBeLessThan(14);
    expect(lines.length).toBe(1);
    expect(disk.writes).toBeLessThan(14);
  });

  test("beside presses with ids names each of those", async () => {
    const { ask, clock, idsSaid } = await bench();
    ask({ id: "first" });

    ask({ id: "a" });
    ask({});
    ask({});
    ask({ id: "b" });
    expect(idsSaid()).toEqual(["first"]);
    clock.advance(millis(100));

    expect(idsSaid()).toEqual(["first", "a", expect.any(String), "b"]);
  });

  test("and a release of what was seen leaves a press that nobody has seen", async () => {
    const { ask, clock, said } = await bench();
    ask({});
    const seen = said[0]?.[1].latches?.map(({ id }) => id) ?? [];
    ask({});

    ask({ latched: false, released: seen });
    clock.advance(millis(100));

    expect(said.at(-1)?.[1].latched).toBe(true);
  });

  test("that a release has ended is no reason to wait with the next stop", async () => {
    const { ask, clock, said } = await bench();
    ask({ id: "a" });
    clock.advance(millis(200));
    ask({ latched: false });
    expect(said.at(-1)?.[1].latched).toBe(false);

    ask({ id: "b" });

    expect(said.at(-1)?.[1].latched).toBe(true);
  });
});

describe("what one node still holds", () => {
  const held = { latches: [{ zone: "all", id: "old", by: "bert", at: 1 }], tookMs: 1 };

  test("stops nobody else when this hub has its book, is shown as its own, and told once", async () => {
    const { stop, said, lines } = await bench();

    stop.reported("drawer", held);
    stop.reported("drawer", held);

    expect(said).toEqual([]);
    expect(stop.nodeView("drawer", held, isoOf)?.latches).toMatchObject([{ id: "old", local: true }]);
    expect(lines).toEqual([
      "node drawer holds a show stop of all that this hub does not know: it alone is stopped, until a release of all",
    ]);
  });

  test.for([
    ["missing", undefined],
    ["unreadable", "unreadable"],
  ] as const)(
    "is learnt by a hub whose book is %s, for as long as nodes need to come back",
    async ([, kept]) => {
      const { stop, clock, ask, idsSaid } = await bench({ kept });
      stop.reported("a", held);
      expect(idsSaid()).toContain("old");
      ask({ latched: false });

      clock.advance(seconds(121));
      stop.reported("b", { ...held, latches: [{ zone: "all", id: "older", by: "bert", at: 1 }] });

      expect(stop.zones.get("all")).toBe(false);
    },
  );
});

describe("a disk that takes nothing", () => {
  test("is a problem until it does", async () => {
    const { stop, disk, ask, clock } = await bench();
    disk.isFull = true;
    ask({ id: "a" });
    await Promise.resolve();
    await Promise.resolve();
    expect(stop.problem).toContain("could not be kept on disk");

    disk.isFull = false;
    clock.advance(seconds(5));
    await stop[Symbol.asyncDispose]();

    expect(stop.problem).toBeUndefined();
    expect(disk.kept).toMatchObject({ zones: { all: { latches: [{ id: "a" }] } } });
  });
});

test("a release just before the end is on disk", async () => {
  const { stop, disk, ask } = await bench();
  ask({ id: "a" });

  ask({ latched: false });
  await stop[Symbol.asyncDispose]();

  expect(disk.kept).toMatchObject({ zones: { all: { latches: [], released: ["a"] } } });
});

test("how soon a node answered is known of presses of this life alone", async () => {
  const latch = { id: "kept", by: "anna", at: 1 };
  const { stop, ask, clock } = await bench({
    kept: { zones: { all: { latches: [latch], released: [], by: "anna", at: 1 } }, members: {} },
  });
  stop.start();
  ask({ id: "now" });
  clock.advance(millis(30));
  const answer = (id: string) => ({ latches: [{ zone: "all", id, by: "anna", at: 1 }], tookMs: 1 });

  stop.reported("a", answer("kept"));
  stop.reported("b", answer("now"));

  expect(stop.nodeView("a", answer("kept"), isoOf)?.answered_ms).toBeNull();
  expect(stop.nodeView("b", answer("now"), isoOf)?.answered_ms).toBe(30);
});
