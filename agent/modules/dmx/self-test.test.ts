import { millis } from "@interactor/shared/sdk/define-module";
import { startOnBench } from "@interactor/shared/sdk/testing";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { expect, onTestFinished, test, vi } from "vitest";
import { definition } from "./module.ts";

/** An address from the range for documentation: no node has it. */
const nobodys = "192.0.2.1";
const soon = { timeout: 10_000, interval: 5 };
const loopback = { to: ["127.0.0.1"], port: 9, interface: "127.0.0.1" };

async function selfTestOf(settings: object): Promise<string | undefined> {
  const clock = new VirtualClock();
  const bench = await startOnBench(definition, { universe: 1, ...settings }, { clock });
  onTestFinished(async () => {
    let isStopped = false;
    void bench.stop().then(() => (isStopped = true));
    await vi.waitFor(() => {
      clock.advance(millis(30));
      expect(isStopped).toBe(true);
    }, soon);
  });
  const asked = bench.selfTest();
  const answer: { isGiven?: boolean } = {};
  void asked.then(() => (answer.isGiven = true));
  // Of a line it is known within eight seconds, in which it is tried again and again.
  for (let passed = 0; passed < 8000 && answer.isGiven !== true; passed += 100) {
    clock.advance(millis(100));
    await new Promise((resolve) => setImmediate(resolve));
  }
  return asked;
}

test("a self-test passes when every output could be sent to", async () => {
  expect(await selfTestOf({ artnet: loopback })).toBeUndefined();
});

test("a self-test fails when one of the outputs cannot be opened, though another can", async () => {
  expect(await selfTestOf({ artnet: loopback, sacn: { interface: nobodys } })).toMatch(
    /^sACN: (bind EADDRNOTAVAIL|not open yet)/u,
  );
});

test("a self-test passes while the widget is not plugged in, and fails when its path is no line", async () => {
  expect(await selfTestOf({ usb: { path: "/dev/no-such-widget" } })).toBeUndefined();
  expect(await selfTestOf({ openDmx: { serial: "NO-SUCH-ADAPTER" } })).toBeUndefined();
  expect(await selfTestOf({ receive: { usb: { path: "/dev/no-such-widget" } } })).toBeUndefined();
  expect(await selfTestOf({ usb: { path: "/etc/hostname" } })).toBe("USB: /etc/hostname is no serial line");
});
