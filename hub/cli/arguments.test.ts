import { InvalidArgumentError } from "commander";
import { expect, test } from "vitest";
import { countArgument, durationArgument, hubArgument, portArgument, timeoutArgument } from "./arguments.ts";

test.each([
  ["500ms", 500],
  ["10s", 10_000],
  ["1.5m", 90_000],
  ["24h", 86_400_000],
])("%s is a duration", (text, milliseconds) => {
  expect(durationArgument(text)).toBe(milliseconds);
});

test.each(["10", "", "10 s", "-1s", "1e3s", "10d", "0s", "25h", "10s5", "٣s"])(
  "%j is no duration",
  (text) => {
    expect(() => durationArgument(text)).toThrow(InvalidArgumentError);
  },
);

test("a timeout may be a bare number of seconds", () => {
  expect(timeoutArgument("2.5")).toBe(2500);
  expect(timeoutArgument("250ms")).toBe(250);
  expect(() => timeoutArgument("0")).toThrow(InvalidArgumentError);
  expect(() => timeoutArgument("1.2.3")).toThrow(InvalidArgumentError);
});

test("a port is a number up to 65535, and 0 is any free one", () => {
  expect(portArgument("0")).toBe(0);
  expect(portArgument("65535")).toBe(65_535);
  for (const wrong of ["65536", "-1", "80x", "", "0x50", " 80"])
    expect(() => portArgument(wrong)).toThrow(InvalidArgumentError);
});

test("a count begins at one", () => {
  expect(countArgument("3")).toBe(3);
  for (const wrong of ["0", "-1", "1.5", "", "9999999999"])
    expect(() => countArgument(wrong)).toThrow(InvalidArgumentError);
});

test("a hub is named by its origin, and by nothing else of a URL", () => {
  expect(hubArgument("http://127.0.0.1:8080/")).toBe("http://127.0.0.1:8080");
  for (const wrong of ["127.0.0.1:8080", "mqtt://127.0.0.1", "http://h/path", "http://h/?a=1", ""]) {
    expect(() => hubArgument(wrong)).toThrow(InvalidArgumentError);
  }
});
