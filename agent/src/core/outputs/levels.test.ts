// Contacts, doors and switches: every edge is one, and whoever comes late is told how they are.

import { expect, test } from "vitest";
import { millis } from "@interactor/shared/kernel/units";
import { prepareRoutes } from "@interactor/shared/routing/run-route";
import { nowAt, routeOf, sessionNumber } from "@interactor/shared/testing/builders";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import type { OutputSpec } from "@interactor/shared/wire/messages/port";
import type { Value } from "@interactor/shared/wire/value";
import { Outbox } from "../outbox/outbox.ts";
import { Switchboard } from "../switchboard/switchboard.ts";
import { Outputs } from "./outputs.ts";

const light = routeOf({
  name: "light",
  from: "pi/pir/motion",
  to: "pi/stage/wash",
  map: "value ? 1.0 : 0.0",
});
const go = routeOf({
  name: "go",
  from: "pi/pir/motion",
  to: "pi/stage/cue-go",
  when: "value",
  map: '"show"',
});
const contact: OutputSpec = { type: "bool", deliver: "every", level: true };
const happening: OutputSpec = { type: "bool", deliver: "every" };

function bench(motion: OutputSpec) {
  const applied: (readonly [input: string, value: Value | undefined])[] = [];
  const board = new Switchboard("pi", {
    apply: ({ port }, each) => void applied.push([port, each?.value]),
    ownersChanged: () => undefined,
    held: () => undefined,
  });
  const outputs = new Outputs(board, new Outbox(sessionNumber(1)));
  return {
    board,
    applied,
    route: (...routes: readonly CompiledRoute[]) =>
      board.setRoutes(prepareRoutes(routes), outputs.latest, nowAt(0)),
    pins: () =>
      outputs.declare("pir", { module: "gpio", version: "1", inputs: {}, outputs: { motion } }, nowAt(0)),
    stage: () =>
      outputs.declare(
        "stage",
        {
          module: "dmx",
          version: "1",
          inputs: {
            wash: { type: "float", min: 0, max: 1, actuator: true },
            "cue-go": { type: "text", once: true },
          },
          outputs: {},
        },
        nowAt(0),
      ),
    give: (value: boolean, at = 0) =>
      outputs.take(
        { instance: "pir", port: "motion" },
        { value, at: nowAt(at).wall, quality: 0, isUnsynchronised: false },
        nowAt(at),
      ),
  };
}

test.each([
  ["a level", contact, [["wash", 1]]],
  ["what happened once", happening, []],
])("an instance that declares itself late is told of %s: %j", (_, motion, told) => {
  const { applied, route, pins, stage, give } = bench(motion);
  route(light);
  pins();
  give(true);

  stage();

  expect(applied).toEqual(told);
});

test("a route that is new, or leads elsewhere now, takes the level", () => {
  const { applied, route, pins, stage, give } = bench(contact);
  pins();
  stage();
  give(true);

  route(light);
  expect(applied).toEqual([["wash", 1]]);
  route({ ...light, from: "pi/pir/door" });
  route(light);

  expect(applied.at(-1)).toEqual(["wash", 1]);
});

test("a level that was lost and is as it was brings its input back from the failsafe", () => {
  const { board, applied, route, pins, stage, give } = bench(contact);
  board.setInputs(
    { inputs: { "stage/wash": { failsafe: { hold: millis(0), fade: millis(0), to: 0 } } }, scenes: {} },
    nowAt(0),
  );
  route(light);
  pins();
  stage();
  give(true);
  board.instanceLost("pir", nowAt(10));
  board.tick(nowAt(20));
  expect(applied.at(-1)).toEqual(["wash", 0]);

  give(true, 30);

  expect(applied.at(-1)).toEqual(["wash", 1]);
});

test("every press is one, and nothing else is", () => {
  const { applied, route, pins, stage, give } = bench(contact);
  route(go);
  pins();
  stage();

  // It is held down while the node starts, and while its pins are had anew.
  for (const value of [true, true, false, true, false, true, true]) give(value);
  route();
  route(go);

  expect(applied).toEqual([
    ["cue-go", "show"],
    ["cue-go", "show"],
  ]);
});
