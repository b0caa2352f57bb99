import { expect, test } from "vitest";
import { readArguments } from "./arguments.ts";
import type { Bench } from "./bench.ts";

const benchNamed = (name: string): Bench => ({
  name,
  about: `about ${name}`,
  run: () => Promise.resolve([]),
});
const benches = ["codec", "local-route", "remote-route"].map(benchNamed);

const namesAsked = (...args: readonly string[]): readonly string[] => {
  const asked = readArguments(args, benches);
  return asked.kind === "run" ? asked.benches.map(({ name }) => name) : [];
};

test("without a name all benches run", () => {
  expect(namesAsked()).toEqual(["codec", "local-route", "remote-route"]);
});

test("named benches run once each, in our order", () => {
  expect(namesAsked("remote-route", "codec", "codec")).toEqual(["codec", "remote-route"]);
});

test("an unknown name is refused with the list of those there are", () => {
  const asked = readArguments(["codec", "codecs"], benches);

  expect(asked).toMatchObject({
    kind: "wrong",
    text: expect.stringMatching(/no bench codecs;[^]*remote-route/),
  });
});

test("an unknown option is refused with the usage", () => {
  const asked = readArguments(["--fast"], benches);

  expect(asked).toMatchObject({ kind: "wrong", text: expect.stringMatching(/--fast[^]*Usage:/) });
});

test("--list and --help only print", () => {
  expect(readArguments(["--list"], benches)).toMatchObject({
    kind: "print",
    text: expect.stringContaining("about codec"),
  });
  expect(readArguments(["-h", "codec"], benches)).toMatchObject({
    kind: "print",
    text: expect.stringContaining("Usage:"),
  });
});
