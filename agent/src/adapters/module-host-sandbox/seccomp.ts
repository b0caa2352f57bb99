/**
 * The filter of system calls of a sandbox, as the kernel takes it: a program of classic BPF, eight bytes an instruction
 * (linux/filter.h, linux/seccomp.h). What is on the list is refused with EPERM; the rest is left to the namespaces, to
 * Node's permissions and to the user.
 */
import { clone, clone3, deniedCalls } from "./system-calls.ts";

export const filteredMachines = ["x64", "arm64"] as const;
export type FilteredMachine = (typeof filteredMachines)[number];

/** AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64 (linux/audit.h). */
const architectures = [0xc000003e, 0xc00000b7] as const;

/** Where in `struct seccomp_data` things stand. */
const callNumber = 0;
const architecture = 4;
const firstArgument = 16;

const load = 0x20; // BPF_LD | BPF_W | BPF_ABS
const jumpIfEqual = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const jumpIfAtLeast = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const jumpIfSet = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const give = 0x06; // BPF_RET | BPF_K

const allow = 0x7fff0000;
const killProcess = 0x80000000;
const refuse = 0x00050000; // with an errno in the low half
const notPermitted = 1; // EPERM
const notThere = 38; // ENOSYS

/** Calls of the x32 interface have this bit: the same calls once more, past every number on a list. */
const x32 = 0x40000000;
/** Of `clone`: a thread. Without it a process. */
const cloneThread = 0x00010000;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number];

export function seccompFilter(machine: FilteredMachine): Uint8Array {
  const column = filteredMachines.indexOf(machine) === 0 ? 0 : 1;
  const refused = (number: number, errno: number): readonly Instruction[] =>
    number < 0
      ? []
      : [
          [jumpIfEqual, 0, 1, number],
          [give, 0, 0, refuse | errno],
        ];
  return assembled([
    [load, 0, 0, architecture],
    // Another machine's calls have other numbers.
    [jumpIfEqual, 1, 0, architectures[column]],
    [give, 0, 0, killProcess],
    [load, 0, 0, callNumber],
    [jumpIfAtLeast, 0, 1, x32],
    [give, 0, 0, refuse | notPermitted],
    ...Object.values(deniedCalls).flatMap((numbers) => refused(numbers[column], notPermitted)),
    ...refused(clone3[column], notThere),
    [jumpIfEqual, 0, 3, clone[column]],
    [load, 0, 0, firstArgument],
    [jumpIfSet, 1, 0, cloneThread],
    [give, 0, 0, refuse | notPermitted],
    [give, 0, 0, allow],
  ]);
}

/** Both machines are little-endian. */
function assembled(program: readonly Instruction[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(program.length * 8));
  for (const [index, [code, ifTrue, ifFalse, operand]] of program.entries()) {
    const at = index * 8;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, ifTrue);
    view.setUint8(at + 3, ifFalse);
    view.setUint32(at + 4, operand >>> 0, true);
  }
  return new Uint8Array(view.buffer);
}
