import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { type LinkEvent, type LinkState, linkAtStart, stepLink } from "./link.ts";

const run = (...events: readonly LinkEvent[]) =>
  events.reduce<{ state: LinkState; effects: readonly string[] }>(
    ({ state, effects }, event) => {
      const step = stepLink(state, event);
      return { state: step.state, effects: [...effects, ...step.effects.map(({ kind }) => kind)] };
    },
    { state: linkAtStart, effects: [] },
  );
const start: LinkEvent = { kind: "start" };
const connected = (connection: number): LinkEvent => ({ kind: "connected", connection });
const closed = (connection: number): LinkEvent => ({ kind: "closed", connection, reason: "gone" });
const retry: LinkEvent = { kind: "retry-due" };
const stop: LinkEvent = { kind: "stop" };

test("a link that is lost is opened again as another connection", () => {
  const { state, effects } = run(start, connected(1), closed(1), retry, connected(2));

  expect(state).toEqual({ kind: "up", connection: 2 });
  expect(effects).toEqual(["open", "announce", "lost", "retry-later", "open", "announce"]);
});

test("an attempt that fails is followed by another one later", () => {
  expect(run(start, closed(1)).effects).toEqual(["open", "lost", "retry-later"]);
});

test("a link that is told to stop says goodbye when it is up, and never opens again", () => {
  expect(run(start, connected(1), stop, closed(1), retry).effects).toEqual([
    "open",
    "announce",
    "say-goodbye",
  ]);
  expect(run(start, stop, connected(1), closed(1), retry, start).effects).toEqual(["open"]);
});

describe("what an old attempt still has to say is ignored", () => {
  test.each<readonly [string, LinkEvent]>([
    ["its end", closed(1)],
    ["its success", connected(1)],
  ])("%s", (_what, late) => {
    const before = run(start, closed(1), retry);

    expect(stepLink(before.state, late)).toEqual({ state: before.state, effects: [] });
    expect(run(start, closed(1), retry, connected(2), late).state).toEqual({ kind: "up", connection: 2 });
  });

  test("an end that comes twice, and a retry that nobody waits for", () => {
    expect(
      run(start, connected(1), closed(1), closed(1)).effects.filter((each) => each === "lost"),
    ).toHaveLength(1);
    expect(run(start, connected(1), retry).effects).toEqual(["open", "announce"]);
  });
});

test("whatever happens, connections are numbered upwards and no two are open at a time", () => {
  const event = fc.oneof(
    fc.constant(start),
    fc.constant(retry),
    fc.nat(4).map(connected),
    fc.nat(4).map(closed),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      let state = linkAtStart;
      let isOpen = false;
      for (const event of events) {
        const step = stepLink(state, event);
        for (const effect of step.effects) {
          if (effect.kind === "lost") isOpen = false;
          if (effect.kind !== "open") continue;
          expect(isOpen).toBe(false);
          expect(effect.connection).toBe(state.connection + 1);
          isOpen = true;
        }
        state = step.state;
      }
    }),
  );
});
