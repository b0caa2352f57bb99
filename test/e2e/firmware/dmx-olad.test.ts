// olad drives the DMX widget: the real daemon finds it by what it says of itself, and its levels are on the line.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import {
  environment,
  type Namespace,
  openNamespace,
  requiresNamespaces,
  sweepNamespaces,
} from "../namespaces.ts";
import { openWorkbench } from "./workbench.ts";

const test = requiresNamespaces("avr-gcc", "gcc", "olad", "simavr");

/** olad refuses to run as root. */
const nobody = { uid: 65_534, gid: 65_534 };
/** Wall clock, and generous: olad looks for devices a few seconds after its start, and the machine may be busy. */
const patienceMillis = 60_000;

test("olad finds the widget, its 512 levels are on the line in DMX512's time, and it hears a desk by it", async () => {
  await sweepNamespaces();
  await using undo = new AsyncDisposableStack();
  const workbench = undo.use(await openWorkbench());
  const firmware = await workbench.build("dmx-pro", "atmega2560");
  const bench = await workbench.start({ chip: "atmega2560", firmware, hasDmx: true });
  const folder = await mkdtemp(join(tmpdir(), "interactor-dmx-olad-"));
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  const ttys = join(folder, "ttys");
  await mkdir(ttys);
  await symlink(bench.line, join(ttys, "ttyUSB0"));
  await chmod(workbench.folder, 0o755);
  const namespace = undo.use(await openNamespace("widget"));
  await startOlad(namespace, folder, ttys, undo);
  const device = await eventually("the widget", async () => {
    const found = await namespace.run("ola_dev_info");
    return /Device (\d+): .*(?:dmx-pro|Interactor|Usb Pro|USB Pro)/iu.exec(found)?.[1];
  }).catch(async (error: unknown) => {
    throw new Error(await readFile(join(folder, "olad.log"), "utf8"), { cause: error });
  });
  await namespace.run("ola_patch", "-d", device, "-p", "0", "-u", "7");
  const levels = Array.from({ length: 512 }, (_, slot) => (slot * 3 + 1) & 0xff);

  const shown = bench.next("dmx", ({ frame }) => Buffer.from(frame.slots).equals(Uint8Array.from(levels)));
  await namespace.run("ola_set_dmx", "-u", "7", "-d", levels.join(","));

  expect((await shown).frame.startCode).toBe(0);
  for (const { frame } of bench.ofKind("dmx").slice(1)) {
    expect(frame.breakMicros).toBeGreaterThanOrEqual(92);
    expect(frame.periodMicros).toBeGreaterThanOrEqual(22_700);
    expect(frame.periodMicros).toBeLessThanOrEqual(26_000);
  }
  expect(bench.ofKind("dmx-fault")).toEqual([]);

  // The same widget the other way round: what a desk sends on its line is what olad shows.
  await namespace.run("ola_patch", "-d", device, "-p", "0", "--unpatch");
  bench.feed(Uint8Array.of(0, ...levels.toReversed()));
  await namespace.run("ola_patch", "-d", device, "-p", "0", "-i", "-u", "8");
  const recorded = join(folder, "recorded");
  await eventually("the desk's look", async () => {
    // It records until it is told to end.
    await namespace
      .run("timeout", "-s", "INT", "2", "ola_recorder", "-r", recorded, "-u", "8")
      .catch(() => "");
    const looks = (await readFile(recorded, "latin1")).split("\n");
    return looks.find((look) => look === `8 ${levels.toReversed().join(",")}`);
  });
}, 180_000);

async function startOlad(
  namespace: Namespace,
  folder: string,
  ttys: string,
  undo: AsyncDisposableStack,
): Promise<void> {
  const others =
    "artnet dummy e131 espnet ftdidmx gpio karate kinet milinst nanoleaf opendmx openpixelcontrol osc";
  const more = "pathport renard sandnet shownet spi stageprofi uartdmx usbdmx";
  for (const plugin of `${others} ${more}`.split(" ")) {
    await writeFile(join(folder, `ola-${plugin}.conf`), "enabled = false\n");
  }
  const settings = ["enabled = true", `device_dir = ${ttys}`, "device_prefix = ttyUSB", "pro_fps_limit = 44"];
  await writeFile(join(folder, "ola-usbserial.conf"), `${settings.join("\n")}\n`);
  await chmod(folder, 0o777);
  await chown(folder, nobody.uid, nobody.gid);
  const asNobody = `setpriv --reuid=${nobody.uid} --regid=${nobody.gid} --clear-groups --pdeathsig KILL`;
  const daemon = `olad --config-dir ${folder} -l 3 --no-register-with-dns-sd --no-http`;
  const shell = `exec ${asNobody} ${daemon} >${join(folder, "olad.log")} 2>&1`;
  const [program = "", ...rest] = namespace.prefix;
  const child = spawn(program, [...rest, "sh", "-c", shell], { stdio: "ignore", env: environment });
  const ended = once(child, "exit");
  undo.defer(async () => {
    child.kill("SIGKILL");
    await ended;
  });
}

async function eventually(what: string, look: () => Promise<string | undefined>): Promise<string> {
  for (const end = performance.now() + patienceMillis; performance.now() < end; await sleep(200)) {
    const found = await look().catch(() => undefined);
    if (found !== undefined) return found;
  }
  throw new Error(`${what} did not come`);
}
