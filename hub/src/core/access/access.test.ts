import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { laneNumbers } from "@interactor/shared/wire/lanes";
import { nodeTopics, parseTopic, siteTopics } from "@interactor/shared/wire/topics";
import { identify, mayPublish, maySubscribe } from "./access.ts";

const site = "demo";
const name = fc.stringMatching(/^[a-z0-9]([a-z0-9_-]{0,10}[a-z0-9])?$/);
const own = nodeTopics(site, "pi");
const agent = identify(site, "demo/pi");
const visitor = identify(site, "dashboard-7");
const may = (who: typeof agent, topic: string) => mayPublish(site, who, parseTopic(topic));

test.each([
  ["demo/pi", { kind: "agent", node: "pi" }],
  ["demo/constructor", { kind: "agent", node: "constructor" }],
  ["demo", { kind: "visitor" }],
  ["demo/", { kind: "visitor" }],
  ["demo/pi/x", { kind: "visitor" }],
  ["demo/PI", { kind: "visitor" }],
  ["other/pi", { kind: "visitor" }],
  ["", { kind: "visitor" }],
  ["mqttjs_1234", { kind: "visitor" }],
])("client id %j is %j", (id, identity) => {
  expect(identify(site, id)).toEqual(identity);
});

describe("an agent", () => {
  test("publishes what it has to say", () => {
    for (const topic of [...laneNumbers.map(own.up), own.state, own.reported, own.metric, own.log])
      expect(may(agent, topic)).toBe(true);
  });

  test("publishes on its own topics and nowhere else, whatever they are", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constant(site), name),
        name,
        fc.constantFrom(...laneNumbers),
        (site, node, lane) => {
          const others = nodeTopics(site, node);
          const isOwn = site === "demo" && node === "pi";
          for (const topic of [others.up(lane), others.state, others.reported])
            expect(may(agent, topic)).toBe(isOwn);
          expect(may(agent, others.down(lane))).toBe(false);
        },
      ),
    );
  });

  test.each([
    own.desired,
    own.down(1),
    own.hubState,
    "ix/1/demo/h/metric",
    "ix/1/demo/v/pi/sim/distance",
    "ix/1/demo/set/pi/lights/front",
    "ix/1/demo/forget/pi",
    "ix/1/demo/stop/all",
    "ix/1/other/n/pi/state",
    "ix/2/demo/n/pi/state",
    "anything",
    "",
  ])("does not publish on %j", (topic) => {
    expect(may(agent, topic)).toBe(false);
  });

  test("hears what is for it and nothing else", () => {
    for (const filter of [own.downAll, own.desired, own.stopAll, own.hubState])
      expect(maySubscribe(site, agent, filter)).toBe(true);
    for (const filter of [
      "#",
      "ix/#",
      "ix/1/demo/#",
      "ix/1/demo/n/+/desired",
      nodeTopics(site, "pi2").downAll,
      "ix/1/demo/v/#",
      `${own.downAll}/#`,
      "",
    ]) {
      expect(maySubscribe(site, agent, filter)).toBe(false);
    }
  });
});

describe("a visitor", () => {
  test("asks, and speaks for nobody", () => {
    expect(may(visitor, "ix/1/demo/set/pi/lights/front")).toBe(true);
    expect(may(visitor, "ix/1/demo/forget/pi")).toBe(true);
    expect(may(visitor, "ix/1/demo/stop/all")).toBe(true);
    for (const topic of [
      own.up(2),
      own.state,
      own.reported,
      own.desired,
      own.down(0),
      own.hubState,
      "ix/1/demo/v/pi/sim/distance",
      "ix/1/other/stop/all",
      "x",
    ]) {
      expect(may(visitor, topic)).toBe(false);
    }
  });

  test("hears its site and no other", () => {
    for (const filter of [siteTopics(site).values, siteTopics(site).states, "ix/1/demo/#"])
      expect(maySubscribe(site, visitor, filter)).toBe(true);
    for (const filter of [
      "#",
      "+/#",
      "ix/#",
      "ix/1/#",
      "ix/1/+/v/#",
      "ix/1/demo2/v/#",
      "ix/1/demo",
      "$SYS/#",
      "$share/a/ix/1/demo/#",
    ]) {
      expect(maySubscribe(site, visitor, filter)).toBe(false);
    }
  });
});
