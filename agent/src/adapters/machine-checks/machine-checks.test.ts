import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { groupIn, isProcHidden, majorOf } from "./kernel-texts.ts";
import { checkMachine } from "./machine-checks.ts";

function rootWith(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "machine-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

async function checksOf(root: string, pastAt = 0): Promise<Readonly<Record<string, string>>> {
  const checks = await checkMachine({ data: join(root, "data"), pastAt, root });
  return Object.fromEntries(checks.map(({ check, state, words }) => [check, `${state}: ${words}`]));
}

test("a machine that has all of it says so", async () => {
  const root = rootWith({
    "proc/self/mountinfo": "25 30 0:23 / /proc rw,nosuid shared:14 - proc proc rw,hidepid=invisible\n",
    "sys/class/watchdog/watchdog0/state": "active\n",
    "sys/class/watchdog/watchdog0/identity": "Broadcom BCM2835 Watchdog timer\n",
    "run/systemd/timesync/synchronized": "",
    "dev/ttyUSB0": "",
    "dev/gpiochip0": "",
    "data/x": "",
  });

  const checks = await checksOf(root);

  expect(checks).toMatchObject({
    node: expect.stringMatching(/^ok: Node v/),
    hidepid: "ok: /proc is mounted with hidepid",
    watchdog: "ok: Broadcom BCM2835 Watchdog timer is watched by systemd or another program",
    clock: "ok: set over the network",
    "time-floor": expect.stringMatching(/^ok/),
    "disk-speed": expect.stringMatching(/ms until a write is on the disk/),
    serial: "ok: ttyUSB0 may be opened",
    gpio: "ok: gpiochip0 may be opened",
    i2c: "ok: there is none",
  });
  // Nothing is left behind.
  expect(readdirSync(join(root, "data"))).toEqual(["x"]);
});

test("what it lacks is told with what was found", async () => {
  const root = rootWith({
    "proc/self/mountinfo": "25 30 0:23 / /proc rw - proc proc rw\n",
    "sys/class/watchdog/watchdog0/state": "inactive\n",
  });

  const checks = await checksOf(root, Date.now() + 3_600_000);

  expect(checks).toMatchObject({
    hidepid: "degraded: /proc shows every user the processes of all",
    watchdog: "degraded: watchdog0 is there, and nobody uses it",
    "time-floor": expect.stringMatching(/^missing: the clock says .* is known to be past$/),
  });
});

test("a folder that cannot be written to is told, and one that is not there yet is none", async () => {
  const root = rootWith({ "full/file": "" });
  const words = (await checkMachine({ data: join(root, "full/file"), pastAt: 0, root })).find(
    ({ check }) => check === "disk-speed",
  );
  expect(words).toMatchObject({
    state: "missing",
    words: expect.stringContaining("nothing can be written to"),
  });

  chmodSync(root, 0o755);
  expect((await checksOf(root))["disk-space"]).toMatch(/free where .*machine-/);
});

test("the kernel's texts are read, and others are nothing", () => {
  const line = (options: string): string => `25 30 0:23 / /proc rw - proc proc ${options}\n`;
  expect([line("rw,hidepid=2"), line("rw,hidepid=0"), line("rw"), "", "hidepid=2"].map(isProcHidden)).toEqual(
    [true, false, false, false, false],
  );
  expect(groupIn("root:x:0:\ndialout:x:20:pi\n", "dialout")).toEqual({ gid: 20 });
  expect([
    groupIn("", "dialout"),
    groupIn("dialout:x:\n", "dialout"),
    groupIn("dialout:x:y", "dialout"),
  ]).toEqual([undefined, { gid: 0 }, undefined]);
  expect([majorOf("v26.1.0"), majorOf("18.2.1"), majorOf("")]).toEqual([26, 18, 0]);
});
