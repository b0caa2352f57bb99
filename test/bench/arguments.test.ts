import { expect, test } from "vitest";
import { readArguments } from "./arguments.ts";
import type { Bench } from "./bench.ts";

const benchNamed = (name: string): Bench => ({
  name,
  about: `about ${name}`,
  run: () => Promise.resolve([]),
});
const benches = ["codec", "local-route", "remote-route"].map(benchNamed);

const profiled = ["fan-in-qos1"];

const namesAsked = (...args: readonly string[]): readonly string[] => {
  const asked = readArguments(args, benches, profiled);
  return asked.kind === "run" ? asked.benches.map(({ name }) => name) : [];
};

test("without a name all benches run", () => {
  expect(namesAsked()).toEqual(["codec", "local-route", "remote-route"]);
});

test("named benches run once each, in our order", () => {
  expect(namesAsked("remote-route", "codec", "codec")).toEqual(["codec", "remote-route"]);
});

test("an unknown name is refused with the list of those there are", () => {
  const asked = readArguments(["codec", "codecs"], benches, profiled);

  expect(asked).toMatchObject({
    kind: "wrong",
    text: expect.stringMatching(/no bench codecs;[^]*remote-route/),
  });
});

test("an unknown option is refused with the usage", () => {
  const asked = readArguments(["--fast"], benches, profiled);

  expect(asked).toMatchObject({ kind: "wrong", text: expect.stringMatching(/--fast[^]*Usage:/) });
});

test("--list and --help only print", () => {
  expect(readArguments(["--list"], benches, profiled)).toMatchObject({
    kind: "print",
    text: expect.stringContaining("about codec"),
  });
  expect(readArguments(["-h", "codec"], benches, profiled)).toMatchObject({
    kind: "print",
    text: expect.stringContaining("Usage:"),
  });
});

test("--markdown asks for the comparison as Markdown", () => {
  expect(readArguments(["codec", "--markdown"], benches, profiled)).toMatchObject({ isMarkdown: true });
  expect(readArguments(["codec"], benches, profiled)).toMatchObject({ isMarkdown: false });
});

test("--profile takes one load and nothing else", () => {
  expect(readArguments(["--profile", "fan-in-qos1"], benches, profiled)).toEqual({
    kind: "profile",
    load: "fan-in-qos1",
  });
  for (const args of [
    ["--profile", "codec"],
    ["--profile", "fan-in-qos1", "codec"],
  ]) {
    expect(readArguments(args, benches, profiled)).toMatchObject({
      kind: "wrong",
      text: expect.stringContaining("--profile takes one of fan-in-qos1"),
    });
  }
});
