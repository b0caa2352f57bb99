import { expect, test } from "vitest";
import { instant, micros } from "@interactor/shared/kernel/units";
import type { FromGuest, ToGuest } from "@interactor/shared/sdk/guest-messages";
import { GuestTrail } from "./guest-trail.ts";

const output = (value: number): FromGuest => ["output", "lamp", "seen", value, micros(0), 0, false];

test("the last ten of each are read, the oldest first, without signs of life", () => {
  const trail = new GuestTrail();
  trail.began(instant(100));
  for (let value = 1; value <= 12; value++) {
    trail.said(output(value));
    trail.said(["pong"]);
    trail.told(["ping"]);
  }

  const { said, told, upMs, restarts } = trail.read([], instant(350));

  expect(said).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((value) => `lamp/seen = ${value}`));
  expect(told).toEqual([]);
  expect({ upMs, restarts }).toEqual({ upMs: 250, restarts: 0 });
});

test("each life has its own, and they are counted", () => {
  const trail = new GuestTrail();
  trail.began(instant(0));
  trail.said(["declared", "lamp", { inputs: {}, outputs: {} }, { module: "lamp", version: "1.2.0" }]);
  const lamp = { run: "lamp", spec: { name: "lamp", module: "lamp", digest: "ab" } };
  expect(trail.read([lamp], instant(0)).instances).toEqual([
    { instance: "lamp", module: "lamp", version: "1.2.0", digest: "ab" },
  ]);

  trail.began(instant(1000));

  expect(trail.read([lamp], instant(1000))).toEqual({
    instances: [{ instance: "lamp", module: "lamp", version: "", digest: "ab" }],
    told: [],
    said: [],
    upMs: 0,
    restarts: 1,
  });
});

test("settings, what an instance keeps and bytes are not told", () => {
  const trail = new GuestTrail();
  trail.began(instant(0));
  const settings = { token: "abc" };
  const messages: readonly ToGuest[] = [
    ["start", { name: "lamp", module: "lamp", settings }],
    ["reconfigure", 1, { name: "lamp", module: "lamp", settings }],
    ["told", "lamp", 3, ["abc"]],
    ["came", "lamp", 1, Buffer.from("abc")],
    [
      "inputs",
      [
        ["lamp", "level", { value: 0.5, at: micros(0), owner: "route" }],
        ["lamp", "other", undefined],
      ],
    ],
  ];
  for (const message of messages) trail.told(message);
  trail.said(["ask", "lamp", 3, ["set", "token", "abc"]]);
  trail.said(["ask", "lamp", 4, ["write", 1, Buffer.from("abc")]]);

  const { told, said } = trail.read([], instant(0));

  expect(told).toEqual([
    "start lamp of lamp",
    "reconfigure lamp of lamp",
    "answer to lamp's question 3: done",
    "3 bytes came over line 1 of lamp",
    "lamp/level = 0.5 by route, lamp/other = nobody's",
  ]);
  expect(said).toEqual(["lamp asks 3: set token", "lamp asks 4: write 3 bytes to line 1"]);
});
