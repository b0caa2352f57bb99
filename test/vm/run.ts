// `npm run test:vm`: what no container has, in a virtual machine with Debian's kernel. Its pins are gpio-sim (built here,
// for Debian leaves it out), its bus is i2c-stub, its MIDI is snd-virmidi, its USB device the kernel's own (dummy_hcd); its pulse
// outputs are pwm-mirror.c, for the kernel simulates none. The guest's whole world is one archive in memory: busybox, Node,
// and our modules as one bundle. About two minutes, and 300 MB in a folder that is kept.
//
// It needs apt-get, cpio, gcc, make, xz, busybox-static and qemu-system-x86; nothing is installed, nobody is asked for
// rights. Packages of the kernel come from the Debian mirror that this computer uses.

import { type SpawnSyncReturns, execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { artefacts } from "@interactor/deploy/artefacts.ts";
import { marks } from "./marks.ts";

const root = join(import.meta.dirname, "..", "..");
const kept = join(tmpdir(), "interactor-vm");
const world = join(kept, "world");
/** Emulated, on a busy machine: it took 60 s, and a machine that hangs has to end. */
const machineMillisMax = 400_000;
const megabytes = 1400;
/** Checks that the guest makes: fewer lines mean that it died on the way. */
const checksLeast = 50;

const modules = [
  "fs/configfs/configfs",
  "drivers/i2c/i2c-dev",
  "sound/soundcore",
  "sound/core/snd",
  "sound/core/snd-timer",
  "sound/core/snd-seq-device",
  "sound/core/snd-rawmidi",
  "sound/core/seq/snd-seq",
  "sound/core/seq/snd-seq-midi-event",
  "sound/core/seq/snd-seq-virmidi",
  "sound/drivers/snd-virmidi",
  "sound/core/seq/snd-seq-midi",
  "sound/core/snd-pcm",
  "sound/core/snd-hwdep",
  "drivers/media/mc/mc",
  "drivers/usb/common/usb-common",
  "drivers/usb/core/usbcore",
  "drivers/usb/gadget/udc/udc-core",
  "drivers/usb/gadget/udc/dummy_hcd",
  "drivers/usb/gadget/libcomposite",
  "drivers/usb/gadget/function/u_serial",
  "drivers/usb/gadget/function/usb_f_acm",
  "drivers/usb/gadget/function/usb_f_midi",
  "drivers/usb/class/cdc-acm",
  "sound/usb/snd-usbmidi-lib",
  "sound/usb/snd-usb-audio",
  "drivers/i2c/i2c-stub",
] as const;

const run = (command: string, args: readonly string[], cwd = kept): string =>
  execFileSync(command, args, {
    cwd,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "inherit"],
  });
/** One line of a shell whose words are ours. */
const shell = (line: string, cwd = kept): string => run("sh", ["-c", line], cwd);

process.exitCode = await main();

async function main(): Promise<number> {
  mkdirSync(kept, { recursive: true });
  const kernel = newestKernel();
  if (!existsSync(join(kept, kernel, "done"))) fetchKernel(kernel);
  await layOut(kernel);
  const machine = startMachine(kernel);
  // What the firmware of the machine says to a terminal may stand in front of the first.
  const lines = machine.stdout.match(/guest: .*/gu) ?? [];
  const passed = lines.filter((line) => line.startsWith(marks.passed)).length;
  const isWhole = lines.some((line) => line.startsWith(marks.done)) && passed >= checksLeast;
  const hasFailed = lines.some((line) => line.startsWith(marks.failed));
  process.stdout.write(`${lines.join("\n")}\n`);
  if (isWhole && !hasFailed) return 0;
  process.stderr.write(
    `${machine.stdout.slice(-2000)}\nthe virtual machine passed ${passed} of ${checksLeast} checks\n`,
  );
  return 1;
}

/** The newest that Debian 12 has backported: `6.12.117+deb12-amd64`. */
function newestKernel(): string {
  const names = run("apt-cache", [
    "search",
    "--names-only",
    String.raw`^linux-image-6\.12\.[0-9]+\+deb12-amd64$`,
  ]);
  const versions = [...names.matchAll(/^linux-image-(6\.12\.(\d+)\+deb12-amd64) /gmu)];
  const [newest] = versions.toSorted((left, right) => Number(right[2]) - Number(left[2]));
  if (newest?.[1] === undefined)
    throw new Error("this computer's Debian mirror has no linux-image-6.12.…+deb12-amd64");
  return newest[1];
}

/** The image, and gpio-sim for it, in a folder of the kernel's name. */
function fetchKernel(kernel: string): void {
  const version = kernel.replace(/-amd64$/u, "");
  const folder = join(kept, kernel);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "sim"), { recursive: true });
  const packages = [
    `linux-image-${kernel}`,
    `linux-headers-${kernel}`,
    `linux-headers-${version}-common`,
    `linux-kbuild-${version}`,
    "linux-source-6.12",
  ];
  run("apt-get", ["download", ...packages], folder);
  shell('for each in *.deb; do dpkg-deb -x "$each" . && rm "$each"; done', folder);
  // The packages name each other by where they would be installed.
  const headers = join(folder, "usr/src", `linux-headers-${kernel}`);
  shell(
    `sed -i "s#/usr/src/#${folder}/usr/src/#g; s#/usr/lib/#${folder}/usr/lib/#g" ${headers}/Makefile`,
    folder,
  );
  shell(
    `xz -dc usr/src/linux-source-6.12.tar.xz | tar x -C sim --strip-components=3 --occurrence=1 linux-source-6.12/drivers/gpio/gpio-sim.c linux-source-6.12/kernel/irq/irq_sim.c && rm usr/src/linux-source-6.12.tar.xz`,
    folder,
  );
  // A module may not look behind the number of an interrupt; raising it by its number does the same.
  shell(
    "sed -i 's/handle_simple_irq(irq_to_desc(irqnum))/generic_handle_irq(irqnum)/' sim/irq_sim.c",
    folder,
  );
  buildModules(folder, "sim", "obj-m := header.o\nheader-y := gpio-sim.o irq_sim.o\n", headers);
  writeFileSync(join(folder, "done"), "");
}

function buildModules(folder: string, name: string, makefile: string, headers: string): void {
  writeFileSync(join(folder, name, "Makefile"), makefile);
  // Types for debuggers need a program more (pahole).
  const untyped = "CONFIG_DEBUG_INFO_BTF_MODULES=";
  run("make", ["-C", headers, `M=${join(folder, name)}`, untyped, "modules"], folder);
}

/** Ours, so it is built each time: seconds. */
function buildMirror(kernel: string): void {
  const folder = join(kept, kernel);
  mkdirSync(join(folder, "pwm"), { recursive: true });
  copyFileSync(join(import.meta.dirname, "pwm-mirror.c"), join(folder, "pwm/pwm-mirror.c"));
  const headers = join(folder, "usr/src", `linux-headers-${kernel}`);
  buildModules(folder, "pwm", "obj-m := pwm-mirror.o\n", headers);
  copyFileSync(join(folder, "pwm/pwm-mirror.ko"), join(world, "modules/pwm-mirror.ko"));
}

/** Everything that the guest has, as one archive. */
async function layOut(kernel: string): Promise<void> {
  rmSync(world, { recursive: true, force: true });
  for (const folder of ["bin", "proc", "sys", "dev", "tmp", "modules", "app"])
    mkdirSync(join(world, folder), { recursive: true });
  copyFileSync(run("sh", ["-c", "command -v busybox"]).trim(), join(world, "bin/busybox"));
  for (const name of ["sh", "mount", "insmod", "poweroff"]) symlinkSync("busybox", join(world, "bin", name));
  const node = join(root, "node_modules/node/bin/node");
  copyFileSync(node, join(world, "bin/node"));
  const agent = artefacts.find(({ name }) => name === "agent");
  if (agent === undefined) throw new Error("there is no agent to build");
  await build({
    ...agent.options,
    absWorkingDir: root,
    bundle: true,
    entryPoints: {
      guest: join(import.meta.dirname, "guest.ts"),
      "pin-holder": join(import.meta.dirname, "pin-holder.ts"),
    },
    format: "esm",
    logLevel: "warning",
    outdir: join(world, "app"),
  });
  const natives = agent.copies.filter(({ to }) => to.includes("linux-x64"));
  for (const { from, to } of natives) cpSync(join(root, from), join(world, "app", to));
  const linked = [node, ...natives.map(({ from }) => join(root, from))];
  const libraries = new Set(
    linked.flatMap((file) => run("ldd", [file]).match(/\/[^\s:]+\.so[^\s:]*/gu) ?? []),
  );
  for (const library of libraries) {
    mkdirSync(join(world, dirname(library)), { recursive: true });
    copyFileSync(library, join(world, library));
  }
  if (existsSync("/usr/share/alsa"))
    cpSync("/usr/share/alsa", join(world, "usr/share/alsa"), { recursive: true });
  const shipped = join(kept, kernel, "lib/modules", kernel, "kernel");
  for (const path of modules)
    shell(`xz -dc ${shipped}/${path}.ko.xz > ${world}/modules/${path.split("/").at(-1)}.ko`);
  copyFileSync(join(kept, kernel, "sim/header.ko"), join(world, "modules/header.ko"));
  buildMirror(kernel);
  writeFileSync(join(world, "init"), initScript());
  chmodSync(join(world, "init"), 0o755);
  shell("find . | cpio -o -H newc --quiet > ../world.img", world);
}

function initScript(): string {
  const names = modules.map((path) => path.split("/").at(-1));
  return `#!/bin/sh
mount -t proc none /proc; mount -t sysfs none /sys; mount -t devtmpfs none /dev; mount -t tmpfs none /tmp
cd /modules
for name in ${names.filter((name) => name !== "i2c-stub").join(" ")} header pwm-mirror; do insmod $name.ko; done
insmod i2c-stub.ko chip_addr=0x68
mount -t configfs none /sys/kernel/config; mount -t debugfs none /sys/kernel/debug
cd /app && node guest.mjs 2>&1
poweroff -f
`;
}

function startMachine(kernel: string): SpawnSyncReturns<string> {
  const words = [
    ["-accel", "tcg"],
    ["-m", String(megabytes)],
    ["-nographic", "-no-reboot"],
    ["-kernel", join(kept, kernel, "boot", `vmlinuz-${kernel}`)],
    ["-initrd", join(kept, "world.img")],
    // A machine that has no turn for a moment seems to have no timer, and its kernel would give up.
    ["-append", "console=ttyS0 quiet panic=-1 no_timer_check"],
  ].flat();
  const machine = spawnSync("qemu-system-x86_64", words, {
    encoding: "utf8",
    timeout: machineMillisMax,
    killSignal: "SIGKILL",
    maxBuffer: 1 << 26,
    stdio: ["ignore", "pipe", "inherit"],
  });
  // The console ends its lines as a terminal does.
  return { ...machine, stdout: machine.stdout.replaceAll("\r", "") };
}
