import { expect, test } from "vitest";
import { findPort } from "./port.ts";

const ports = {
  ch: { type: "int", count: 12 },
  ch5: { type: "bool" },
  front: { type: "float" },
  lamp2: { type: "bool" },
} as const;

test.each([
  ["front", "float"],
  ["lamp2", "bool"],
  ["ch1", "int"],
  ["ch12", "int"],
  ["ch5", "bool"],
])("%s is a port", (name, type) => {
  expect(findPort(ports, name)?.type).toBe(type);
});

test.each([
  "ch",
  "ch0",
  "ch01",
  "ch13",
  "ch1.0",
  "front1",
  "lamp",
  "5",
  "",
  "constructor",
  "__proto__",
  "ch99999",
])("%j is no port", (name) => {
  expect(findPort(ports, name)).toBeUndefined();
});
