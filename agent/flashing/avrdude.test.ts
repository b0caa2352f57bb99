import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { expect, test } from "vitest";
import { lackOfAvrdude, readFlash } from "./avrdude.ts";

const bootloader = { clock: new VirtualClock(), path: "/dev/nothing-here", board: "uno" } as const;
const signal = new AbortController().signal;

test("a machine without avrdude is told what to install, before it is needed and then", async () => {
  const words = "no-such-avrdude is not installed: apt install avrdude";

  expect(await lackOfAvrdude("no-such-avrdude")).toBe(words);
  await expect(readFlash({ ...bootloader, program: "no-such-avrdude" }, "/dev/null", signal)).rejects.toThrow(
    words,
  );
});

test("a program is looked for as the system does it, and what cannot be started is told as it is", async () => {
  expect(await lackOfAvrdude("sh")).toBeUndefined();
  expect(await lackOfAvrdude(process.execPath)).toBeUndefined();
  await expect(readFlash({ ...bootloader, program: "/etc" }, "/dev/null", signal)).rejects.toThrow(
    /^\/etc cannot be started: .*EACCES/u,
  );
});
