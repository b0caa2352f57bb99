// Both ends of a profile, as they are, on a line that loses what it likes: the hub asks, a node makes and gives it.

import { createHash } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { Fault } from "@interactor/shared/kernel/fault";
import { millis, seconds } from "@interactor/shared/kernel/units";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import type { ProfileRequest, ProfileView } from "@interactor/shared/wire/api-profile";
import { encodeProfileWord } from "@interactor/shared/wire/messages/profile";
import { AgentProfile } from "../../agent/src/agent-profile.ts";
import { openProfile } from "../../agent/src/main/profile.ts";
import type { ModuleHost } from "../../agent/src/ports/module-host.ts";
import { HubProfiles } from "../../hub/src/hub-profiles.ts";

const wanted: ProfileRequest = { node: "pi", instance: "blink", what: "cpu", span_ms: 1000 };
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
/** What gzip makes no smaller. */
const noise = (length: number): Buffer =>
  Buffer.concat(
    Array.from({ length: Math.ceil(length / 32) }, (_, at) => createHash("sha256").update(`${at}`).digest()),
  ).subarray(0, length);

async function* of(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

const sumOf = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();
/** In no time, so that only the clock of the test counts. */
const packed = async (parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> =>
  gzipSync(Buffer.concat(await Array.fromAsync(parts)));

interface LineOptions {
  /** As a node packs it, which takes as long as it takes: time stands still. */
  readonly ownGzip?: boolean;
  readonly profile: NonNullable<ModuleHost["profile"]>;
  /** What becomes of the message of this number; `undefined`: it is lost. */
  readonly pass?: (payload: Uint8Array, number: number) => Uint8Array | undefined;
}

/** Modules that only this is asked of. */
const modulesWith = (profile: NonNullable<ModuleHost["profile"]>): ModuleHost => ({
  profile,
  start: () => undefined,
  prepare: async () => undefined,
  selfTest: async () => undefined,
  reconfigure: async () => undefined,
  stop: async () => undefined,
  apply: () => undefined,
  [Symbol.asyncDispose]: async () => undefined,
});

function line({ profile, ownGzip, pass = (payload) => payload }: LineOptions) {
  const clock = new VirtualClock();
  const agent =
    ownGzip === true
      ? openProfile({ site: "demo", node: "pi" }, clock, silent)
      : new AgentProfile({ site: "demo", node: "pi" }, { clock, log: silent, packed, sumOf });
  const hub = new HubProfiles({
    clock,
    log: silent,
    sumOf,
  });
  const refused: string[] = [];
  const onTheWay: (() => void)[] = [];
  let number = 0;
  const send = (payload: Uint8Array, take: (payload: Uint8Array) => void): void => {
    const passed = pass(payload, (number += 1));
    if (passed !== undefined) onTheWay.push(() => take(passed));
  };
  const hear = (payload: Uint8Array): void => {
    const reason = hub.heard("pi", payload);
    if (reason !== undefined) refused.push(reason);
  };
  agent.connected({ publish: (_topic, payload) => send(payload, hear), close: async () => undefined });
  agent.around(() => modulesWith(profile))({} as never);
  hub.start((node, payload) => send(payload, (taken) => node === "pi" && agent.hears.message(taken)));
  return {
    hub,
    clock,
    refused,
    /** Goes on until it is over. */
    async over(id: number): Promise<ProfileView> {
      for (;;) {
        const view = hub.look(id);
        if (view === undefined) throw new Error("the hub has let it go");
        if (view.state === "done" || view.state === "failed") return view;
        for (const arrive of onTheWay.splice(0)) arrive();
        await turn();
        if (onTheWay.length === 0 && ownGzip !== true) clock.advance(millis(100));
      }
    },
  };
}

test("it comes whole over a line that loses every third message", async () => {
  const content = noise(100_000);
  // The first two are the order and the word that it is made: without them it is given up.
  const pass = (payload: Uint8Array, number: number) =>
    number > 2 && number % 3 === 0 ? undefined : payload;
  const { hub, over } = line({ profile: () => of(content.subarray(0, 7), content.subarray(7)), pass });
  const id = hub.begin("somebody", wanted);

  const view = await over(id);

  expect(view).toMatchObject({ state: "done", got: view.total });
  expect(gunzipSync(hub.file(id) ?? Buffer.of())).toEqual(content);
});

test("what a node cannot do is told in its words", async () => {
  const profile = (): never => {
    throw new Fault("PROFILE_NOT_HERE", "it runs in a sandbox");
  };
  const { hub, over } = line({ profile });

  const view = await over(hub.begin("somebody", wanted));

  expect(view).toMatchObject({ state: "failed", code: "PROFILE_NOT_HERE", reason: "it runs in a sandbox" });
});

test("one that is too large is refused where it is made", async () => {
  const { hub, over } = line({ profile: () => of(noise(9 * 1024 * 1024)), ownGzip: true });

  const view = await over(hub.begin("somebody", wanted));

  expect(view).toMatchObject({ state: "failed", code: "PROFILE_TOO_LARGE", got: 0 });
});

test("a node that falls silent on the way is given up", async () => {
  const pass = (payload: Uint8Array, number: number) => (number > 6 ? undefined : payload);
  const { hub, over } = line({ profile: () => of(noise(100_000)), pass });

  const view = await over(hub.begin("somebody", wanted));

  expect(view).toMatchObject({ state: "failed", code: "PROFILE_TIMEOUT" });
  expect(view.got).toBeGreaterThan(0);
});

test("a piece that was damaged on its way is found out", async () => {
  const pass = (payload: Uint8Array) =>
    payload.length < 8000 ? payload : payload.map((byte, at) => (at === 5000 ? byte ^ 1 : byte));
  const { hub, over } = line({ profile: () => of(noise(20_000)), pass });
  const id = hub.begin("somebody", wanted);

  expect(await over(id)).toMatchObject({ state: "failed", code: "PROFILE_DAMAGED" });
  expect(hub.file(id)).toBeUndefined();
});

test("a module that never answers keeps its node from nothing", async () => {
  let asked = 0;
  const { hub, over } = line({
    async *profile() {
      asked += 1;
      if (asked === 1) await new Promise(() => undefined);
      yield noise(10);
    },
  });
  const [first, meanwhile] = [hub.begin("somebody", wanted), hub.begin("somebody", wanted)];

  expect(await over(meanwhile)).toMatchObject({ state: "failed", code: "PROFILE_BUSY" });
  expect(await over(first)).toMatchObject({ state: "failed", code: "PROFILE_TIMEOUT" });
  expect(await over(hub.begin("somebody", wanted))).toMatchObject({ state: "done" });
});

test("the hub holds a few: what is done makes room, what is being made does not", async () => {
  const { hub, over } = line({ profile: () => of(noise(10)) });
  const first = hub.begin("somebody", wanted);
  await over(first);

  const others = [1, 2, 3, 4].map(() => hub.begin("somebody", { ...wanted, node: "away" }));

  expect(hub.look(first)).toBeUndefined();
  expect(() => hub.begin("somebody", wanted)).toThrow("try again later");
  expect(await over(others[3] ?? 0)).toMatchObject({ state: "failed", code: "PROFILE_TIMEOUT" });
  expect(hub.begin("somebody", wanted)).toBeGreaterThan(others[3] ?? 0);
});

test("what nobody takes is let go after five minutes", async () => {
  const { hub, clock, over } = line({ profile: () => of(noise(10)) });
  const id = hub.begin("somebody", wanted);
  await over(id);

  clock.advance(seconds(301));

  expect(hub.look(id)).toBeUndefined();
});

test("what nobody asked for is of no use, and why is told", () => {
  const { hub } = line({ profile: () => of(noise(10)) });
  const id = hub.begin("somebody", wanted);
  const made = encodeProfileWord({ kind: "made", id, total: 10_000, sum: noise(8) });
  const bytes = (at: number, length: number) =>
    encodeProfileWord({ kind: "bytes", id, at, data: noise(length) });

  expect(hub.heard("other", made)).toBe("not-asked");
  expect(hub.heard("pi", noise(20))).toBe("indefinite-length");
  expect(hub.heard("pi", bytes(0, 10))).toBe("out-of-order");
  expect(hub.heard("pi", made)).toBeUndefined();
  expect(hub.heard("pi", made)).toBe("twice");
  expect(hub.heard("pi", bytes(0, 10))).toBe("wrong-length");
  expect(hub.heard("pi", bytes(8192, 1808))).toBe("out-of-order");
  const huge = encodeProfileWord({ kind: "made", id: id + 1, total: 1e9, sum: noise(8) });
  hub.begin("somebody", wanted);
  expect(hub.heard("pi", huge)).toBe("too-large");
  expect(hub.heard("pi", huge)).toBe("late");
});
