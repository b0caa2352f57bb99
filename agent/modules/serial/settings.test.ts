import { startOnBench } from "@interactor/shared/sdk/testing";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { expect, test } from "vitest";
import { definition } from "./module.ts";
import { settings } from "./settings.ts";

const least = { path: "/dev/ttyUSB0", format: "json", outputs: { t: { type: "float" } } };
const reasonsOf = (written: object): string => {
  const parsed = settings.safeParse(written);
  return parsed.success ? "accepted" : JSON.stringify(parsed.error.issues);
};

test("what is left out is filled in", () => {
  expect(settings.parse(least)).toEqual({
    ...least,
    baudRate: 115_200,
    dataBits: 8,
    stopBits: 1,
    parity: "none",
    delimiter: "\n",
    lineBytesMax: 1024,
    discardFirst: true,
  });
});

test.each([
  [{ ...least, baudrate: 9600 }, "baudrate"],
  [{ ...least, baudRate: "9600" }, "baudRate"],
  [{ ...least, path: "ttyUSB0" }, "/dev/ttyUSB0"],
  [{ ...least, delimiter: "" }, "1 to 8 bytes"],
  [{ ...least, lineBytesMax: 1_000_000 }, "lineBytesMax"],
  [{ ...least, format: "xml" }, "format"],
  [{ ...least, outputs: { t: { type: "float", column: 1 } } }, "column"],
  [{ ...least, outputs: { t: { type: "float", pointer: "t" } } }, "JSON pointer"],
  [{ ...least, format: "csv" }, "column"],
  [{ ...least, format: "csv", outputs: { t: { type: "float", column: "temp" } } }, "the lines need a header"],
  [
    { ...least, format: "csv", header: true, outputs: { t: { type: "float", column: 1 } } },
    "no output names one",
  ],
  [{ ...least, format: "pattern", pattern: "(a+)+" }, "no group"],
  [{ ...least, format: "pattern", pattern: "(?<t>a+)(?:b+)+" }, "repeated"],
])("settings %j are refused and %s is named", (written, word) => {
  expect(reasonsOf(written)).toContain(word);
});

test("more outputs than a line can sensibly hold are refused", () => {
  const outputs = Object.fromEntries(
    Array.from({ length: 65 }, (_, index) => [`o${index}`, { type: "int" }]),
  );

  expect(reasonsOf({ ...least, outputs })).toContain("at most 64 outputs");
});

test("an output that takes the name of a counter is refused", async () => {
  const written = { ...least, outputs: { lines: { type: "int" } } };

  await expect(startOnBench(definition, written, { clock: new VirtualClock() })).rejects.toThrow(
    /two ports/u,
  );
});
