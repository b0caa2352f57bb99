import { execFileSync } from "node:child_process";
import { closeSync, cpSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { artefacts } from "./artefacts.ts";
import { root } from "./layout.ts";
import { machinesWithoutPins } from "./native-code.ts";

/** A bundle built as a program is, from another source, alone in a folder far from any package. */
async function bundleAlone(name: "agent" | "hub", source: string): Promise<string> {
  const artefact = artefacts.find((artefact) => artefact.name === name);
  const folder = mkdtempSync(join(tmpdir(), "native-code-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { outputFiles } = await build({
    ...artefact?.options,
    splitting: false,
    bundle: true,
    format: "esm",
    outfile: join(folder, "program.mjs"),
    outExtension: {},
    stdin: { contents: source, resolveDir: join(root, name) },
    write: false,
  });
  for (const { path, contents } of outputFiles) writeFileSync(path, contents);
  for (const { from, to } of artefact?.copies ?? [])
    cpSync(join(root, from), join(folder, to), { recursive: true });
  return join(folder, "program.mjs");
}

/** e_machine of ELF's header: which processor a file is for. */
const processors: ReadonlyMap<number, string> = new Map([
  [0x3e, "x64"],
  [0xb7, "arm64"],
]);

function processorOf(file: string): string | undefined {
  const header = Buffer.alloc(20);
  const opened = openSync(join(root, file), "r");
  readSync(opened, header);
  closeSync(opened);
  expect(header.toString("latin1", 0, 4)).toBe("\x7fELF");
  return processors.get(header.readUInt16LE(18));
}

const lacks = machinesWithoutPins();
const isSkipped = lacks.length > 0 && process.env["CI"] !== "true";
if (isSkipped)
  process.stderr.write(`SKIPPED tests: koffi for ${lacks.join(", ")} not found; npm run build brings it\n`);

test.skipIf(isSkipped)(
  "an agent has all of its native code for the Pi and for the PC that it is built on",
  () => {
    const copies = artefacts.find(({ name }) => name === "agent")?.copies ?? [];

    for (const processor of ["arm64", "x64"]) {
      const its = copies.filter(({ to }) => to.endsWith(".node") && to.includes(`linux-${processor}`));
      expect(its.map(({ to }) => to).toSorted()).toEqual([
        `koffi/linux-${processor}.node`,
        `prebuilds/linux-${processor}/@serialport+bindings-cpp${processor === "arm64" ? ".armv8" : ""}.glibc.node`,
        `prebuilds/linux-${processor}/@serialport+bindings-cpp${processor === "arm64" ? ".armv8" : ""}.musl.node`,
        `prebuilds/midi-linux-${processor}/node-napi-v7.node`,
      ]);
      expect(its.map(({ from }) => processorOf(from))).toEqual(its.map(() => processor));
    }
  },
);

test("a bundle finds koffi's native code beside itself", async () => {
  const program = await bundleAlone(
    "agent",
    `
    import koffi from "koffi";
    console.log(koffi.load("libc.so.6").func("int abs(int number)")(-42));`,
  );

  expect(
    execFileSync(process.execPath, [program], { cwd: dirname(program), env: {}, encoding: "utf8" }),
  ).toBe("42\n");
});

test("a bundle finds serialport's native code beside itself", async () => {
  const program = await bundleAlone(
    "agent",
    `
    import { asyncOpen } from "@serialport/bindings-cpp/dist/load-bindings.js";
    asyncOpen("/dev/null/nothing", { baudRate: 9600, dataBits: 8, stopBits: 1, parity: "none", lock: true })
      .catch((error) => console.log(error.message));`,
  );

  const output = execFileSync(process.execPath, [program], {
    cwd: dirname(program),
    env: {},
    encoding: "utf8",
  });

  // The words come from the native code: without it we would not get as far as failing to open.
  expect(output).toContain("/dev/null/nothing");
  expect(output).toMatch(/cannot open/);
});

test("a bundle finds sqlite3's native code beside itself", async () => {
  const program = await bundleAlone(
    "hub",
    `
    import sqlite3 from "sqlite3";
    const database = new sqlite3.Database(":memory:");
    database.get("SELECT 6 * 7 AS answer", (_error, row) => console.log(row.answer));`,
  );

  const output = execFileSync(process.execPath, [program], {
    cwd: dirname(program),
    env: {},
    encoding: "utf8",
  });

  expect(output).toBe("42\n");
});

test("a bundle encodes without cbor-x's native code", async () => {
  const program = await bundleAlone(
    "agent",
    `
    import { decode, encode, isNativeAccelerationEnabled } from "cbor-x";
    console.log(isNativeAccelerationEnabled, decode(encode("a".repeat(100))).length);`,
  );

  expect(execFileSync(process.execPath, [program], { env: {}, encoding: "utf8" })).toBe("false 100\n");
});
