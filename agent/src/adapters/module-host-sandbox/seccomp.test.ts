import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { filteredMachines, seccompFilter } from "./seccomp.ts";
import { clone, clone3, deniedCalls } from "./system-calls.ts";

const headers = {
  x64: ["/usr/include/x86_64-linux-gnu/asm/unistd_64.h", /^#define __NR_(\w+)\s+(\d+)$/gm],
  arm64: ["/usr/include/asm-generic/unistd.h", /^#define __NR(?:3264)?_(\w+)\s+(\d+)$/gm],
} as const;

test.each(filteredMachines)("the numbers of %s are those of the kernel's headers", (machine) => {
  const [path, pattern] = headers[machine];
  if (!existsSync(path)) {
    process.stderr.write(`SKIPPED: no ${path}\n`);
    return;
  }
  const numbers = new Map(
    Array.from(readFileSync(path, "utf8").matchAll(pattern), ([, name = "", number]) => [
      name,
      Number(number),
    ]),
  );
  const column = filteredMachines.indexOf(machine) === 0 ? 0 : 1;

  for (const [name, given] of Object.entries({ ...deniedCalls, clone, clone3 }))
    expect(`${name} ${given[column]}`).toBe(`${name} ${numbers.get(name) ?? -1}`);
});

/** Runs a filter as the kernel does (linux/bpf_common.h), for one call. */
function verdict(filter: Uint8Array, call: { number: number; architecture: number; first?: number }): number {
  const view = new DataView(filter.buffer);
  const loaded = new Map([
    [0, call.number],
    [4, call.architecture],
    [16, call.first ?? 0],
  ]);
  let value = 0;
  for (let at = 0; at < filter.length; at += 8) {
    const operand = view.getUint32(at + 4, true);
    const holds = new Map([
      [0x15, value === operand],
      [0x35, value >= operand],
      [0x45, (value & operand) !== 0],
    ]).get(view.getUint16(at, true));
    if (view.getUint16(at, true) === 0x06) return operand;
    if (holds === undefined) value = loaded.get(operand) ?? 0;
    else at += 8 * view.getUint8(at + (holds ? 2 : 3));
  }
  throw new Error("a filter comes to an end");
}

test("what is denied is refused, another machine's calls end it, threads are made and processes are not", () => {
  const filter = seccompFilter("x64");
  const architecture = 0xc000003e;
  const refused = 0x00050001;
  const allowed = 0x7fff0000;

  expect(verdict(filter, { number: 0, architecture })).toBe(allowed);
  for (const [number] of Object.values(deniedCalls))
    if (number >= 0) expect(verdict(filter, { number, architecture })).toBe(refused);
  expect(verdict(filter, { number: 0, architecture: 0x40000003 })).toBe(0x80000000);
  expect(verdict(filter, { number: 0x40000000 + 41, architecture })).toBe(refused);
  expect(verdict(filter, { number: clone[0], architecture, first: 0x003d0f00 })).toBe(allowed);
  expect(verdict(filter, { number: clone[0], architecture, first: 0x01200011 })).toBe(refused);
  expect(verdict(filter, { number: clone3[0], architecture })).toBe(0x00050000 + 38);
});
