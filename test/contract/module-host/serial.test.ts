// Serial lines that an agent opens for a module, in every kind of guest, against a tty with somebody at its other end.

import { createReadStream } from "node:fs";
import { describe, expect, vi } from "vitest";
import { requires } from "../../e2e/requires.ts";
import { openTtyPair } from "../../e2e/tty-pair.ts";
import type { HostBench } from "./host-bench.ts";
import { kindsWith } from "./kinds.ts";

const both = requires("socat", "bwrap");

function asking(bench: HostBench, serial: readonly string[]) {
  bench.host.start({ name: "liner", module: "liner", settings: {}, grants: { serial: [...serial] } });
  const of = (output: string): readonly unknown[] =>
    bench.outputs.filter((each) => each.output === output).map(({ value }) => value);
  const ask = async (words: string): Promise<unknown> => {
    await vi.waitFor(() => expect(bench.reports.at(-1)).toBe("liner: running"), { timeout: 20_000 });
    const before = of("told").length;
    bench.apply("liner", "ask", words);
    await vi.waitFor(() => expect(of("told").length).toBeGreaterThan(before), { timeout: 20_000 });
    return of("told").at(-1);
  };
  const lines = async (count: number): Promise<readonly unknown[]> => {
    await vi.waitFor(() => expect(of("line").length).toBeGreaterThanOrEqual(count), { timeout: 20_000 });
    return of("line");
  };
  return { ask, lines };
}

describe.each(kindsWith("liner-module.ts"))("in a $kind", ({ openBench, test }) => {
  both(
    "a granted line is listed, opened, read by lines, written, and lost when it is unplugged",
    async () => {
      await using bench = await openBench();
      await using pair = await openTtyPair();
      const { ask, lines } = asking(bench, [pair.path, "/dev/nothing-here"]);

      expect(await ask("list")).toBe(`${pair.path} true, /dev/nothing-here false`);
      expect(await ask(`open ${pair.path}`)).toBe("opened");
      pair.say("one\r");
      pair.say("x".repeat(5000));
      pair.say("two");
      expect(await lines(2)).toEqual(["one", "two"]);

      const device = createReadStream(pair.devicePath, { encoding: "utf8" });
      let heard = "";
      device.on("data", (text) => (heard += String(text)));
      device.on("error", () => undefined);
      expect(await ask(`write ${pair.path} hello`)).toBe("written");
      await vi.waitFor(() => expect(heard).toBe("hello\n"), { timeout: 10_000 });
      // Its opener's alone.
      expect(await ask(`open ${pair.path}`)).toMatch(/^SERIAL_UNAVAILABLE: .*another program may have it/);

      await pair[Symbol.asyncDispose]();
      expect((await lines(3)).at(-1)).toMatch(/^closed: .*(hung up|gone)/);
      expect(await ask(`write ${pair.path} more`)).toMatch(/^CLOSED: /);
      device.destroy();
    },
    90_000,
  );

  both(
    "what is not granted, not there, or closed is refused with the reason",
    async () => {
      await using bench = await openBench();
      await using pair = await openTtyPair();
      const { ask, lines } = asking(bench, [pair.path, "/dev/nothing-here"]);

      expect(await ask("open /dev/ttyS0")).toMatch(
        /^NOT_GRANTED: serial "\/dev\/ttyS0" is not granted to liner/,
      );
      for (let time = 0; time < 5; time++)
        expect(await ask("open /dev/nothing-here")).toMatch(
          /^SERIAL_UNAVAILABLE: .* is not there: plug the device in/,
        );
      expect(await ask("open /dev/nothing-here")).toMatch(
        /^UNAVAILABLE: .* failed 5 times and is given a rest/,
      );

      expect(await ask("flash /dev/ttyS0 4")).toMatch(/^NOT_GRANTED: /);
      // As large as it may be: it passes the pipe of a sandbox.
      expect(await ask(`flash ${pair.path} 49152`)).toMatch(
        /^FLASH_REFUSED: nothing was written: only a board that is named by its USB adapter/,
      );

      expect(await ask(`open ${pair.path}`)).toBe("opened");
      expect(await ask(`close ${pair.path}`)).toBe("closing");
      expect(await lines(1)).toEqual(["closed: it was closed"]);
      // Another may have it then.
      expect(await ask(`open ${pair.path}`)).toBe("opened");
    },
    90_000,
  );

  both(
    "a device that takes nothing holds up who writes, and no more than that",
    async () => {
      await using bench = await openBench();
      await using pair = await openTtyPair();
      const { ask } = asking(bench, [pair.path]);
      expect(await ask(`open ${pair.path}`)).toBe("opened");

      // Nobody reads at the other end: what the two ttys and socat hold fills up.
      expect(await ask(`flood ${pair.path} 300000`)).toMatch(/^SERIAL_BUSY: the device took nothing for 5 s/);
    },
    90_000,
  );

  test("what it measures of itself is told, and goes with it", { timeout: 60_000 }, async () => {
    await using bench = await openBench();
    const { ask } = asking(bench, []);

    expect(await ask("measure temperature_celsius 21.5")).toBe("measured");
    expect(await ask("measure Bad 1")).toMatch(/^METRIC_NAME: "Bad" is no name/);
    expect(await ask("measure wrong x")).toMatch(/^METRIC_VALUE: gauge "wrong" cannot be NaN/);
    for (let number = 1; number < 32; number++) await ask(`measure m${number} ${number}`);
    expect(await ask("measure m32 1")).toMatch(/^TOO_MANY: 32 metrics/);

    await vi.waitFor(() => expect(Object.keys(bench.measured.get("liner")?.gauges ?? {})).toHaveLength(32), {
      timeout: 20_000,
    });
    expect(bench.measured.get("liner")?.gauges).toMatchObject({ temperature_celsius: 21.5, m31: 31 });
    await bench.host.stop("liner");
    expect(bench.measured.has("liner")).toBe(false);
  });
});
