import { expect, test } from "vitest";
import fc from "fast-check";
import { laneNumbers } from "./lanes.ts";
import { nodeTopics, parseTopic, siteTopics } from "./topics.ts";

const name = fc.stringMatching(/^[a-z0-9]([a-z0-9_-]{0,10}[a-z0-9])?$/);
const address = fc.record({ node: name, instance: name, port: name });
/** Of every kind that has surprised a parser. */
const character = fc.constantFrom(...Array.from("aZ09-_./+#$\n\0 äß漢😀\u0301"), "\ud800");

test("every topic of a node is read as what it was written for", () => {
  fc.assert(
    fc.property(name, name, fc.constantFrom(...laneNumbers), (site, node, lane) => {
      const topics = nodeTopics(site, node);

      expect(parseTopic(topics.up(lane))).toEqual({ kind: "up", site, node, lane });
      expect(parseTopic(topics.down(lane))).toEqual({ kind: "down", site, node, lane });
      for (const kind of ["state", "desired", "reported"] as const) {
        expect(parseTopic(topics[kind])).toEqual({ kind, site, node });
      }
      expect(parseTopic(topics.hubState)).toEqual({ kind: "hub-state", site });
    }),
  );
});

test("every topic of a site is read as what it was written for", () => {
  fc.assert(
    fc.property(name, address, name, (site, address, zone) => {
      const topics = siteTopics(site);

      expect(parseTopic(topics.value(address))).toEqual({ kind: "value", site, address });
      expect(parseTopic(topics.set(address))).toEqual({ kind: "set", site, address });
      expect(parseTopic(topics.stop(zone))).toEqual({ kind: "stop", site, zone });
      expect(parseTopic(topics.forget(zone))).toEqual({ kind: "forget", site, node: zone });
      expect(parseTopic(topics.hubMetric)).toEqual({ kind: "hub-metric", site });
    }),
  );
});

test.each([
  "",
  "ix",
  "ix/1",
  "ix/1/demo",
  "ix/1/demo/n",
  "ix/1/demo/n/pi",
  "ix/2/demo/n/pi/state",
  "IX/1/demo/n/pi/state",
  "ix/1/Demo/n/pi/state",
  "ix/1/demo/n/pi/state/more",
  "ix/1/demo/n/pi/up",
  "ix/1/demo/n/pi/up/urgent",
  "ix/1/demo/n/pi/up/critical/1",
  "ix/1/demo/n/+/state",
  "ix/1/demo/#",
  "ix/1/demo/v/pi/sim",
  "ix/1/demo/v/pi/sim/a/b",
  "ix/1/demo/set/pi/sim",
  "ix/1/demo/stop",
  "ix/1/demo/stop/a/b",
  "ix/1/demo/forget",
  "ix/1/demo/forget/a/b",
  "ix/1/demo/h",
  "ix/1/demo/h/other",
  "ix/1/demo/n/pi/constructor",
  "ix/1/demo/constructor/x",
  "ix/1/kept",
  "/ix/1/demo/h/state",
  "$SYS/broker/version",
])("%j is no topic of ours", (topic) => {
  expect(parseTopic(topic)).toBeUndefined();
});

test("no topic makes reading throw", () => {
  fc.assert(fc.property(fc.string({ unit: character }), (topic) => void parseTopic(topic)));
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("ix", "1", "demo", "n", "up", "state", "", "__proto__", "set", "v"), {
        maxLength: 9,
      }),
      (levels) => void parseTopic(levels.join("/")),
    ),
  );
});
