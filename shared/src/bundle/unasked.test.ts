import { expect, test } from "vitest";
import { unasked } from "./unasked.ts";

const manifest = {
  permissions: [
    { kind: "host", from: "/host" },
    { kind: "file", names: ["/etc/tide.csv"] },
    { kind: "serial", names: ["*"] },
  ],
  limits: { memoryMb: 256 },
};

test("what a manifest asks for by itself and by its settings is asked for", () => {
  const grants = { host: ["a.example:443"], file: ["/etc/tide.csv"], serial: ["/dev/ttyUSB0"] };

  expect(
    unasked(manifest, {
      settings: { host: "a.example:443" },
      grants,
      limits: { memoryMb: 200, handles: 64 },
    }),
  ).toEqual([]);
  expect(unasked(manifest, { settings: {} })).toEqual([]);
});

test("what somebody added on the way is found", () => {
  const given = {
    settings: { host: "a.example" },
    grants: { host: ["a.example:443", "b.example"], file: ["/etc/shadow"], pin: ["4"] },
    limits: { memoryMb: 257, cpuPercent: 100 },
  };

  expect(unasked(manifest, given)).toEqual([
    "pin 4",
    "host b.example",
    "file /etc/shadow",
    "257 MB of memory",
    "100 percent of a core",
  ]);
});

test("a manifest that says nothing sensible asks for nothing", () => {
  for (const odd of [undefined, "x", { permissions: [{ kind: "host" }], limits: { memoryMb: -1 } }])
    expect(unasked(odd, { settings: {}, grants: { host: ["a:1"] } })).toEqual(["host a:1"]);
});
