/** How the command ends: a code for scripts, one line for people. */
import { Fault } from "@interactor/shared/kernel/fault";

export const exitCode = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  notAllowed: 4,
  hubUnreachable: 5,
  validation: 7,
  /** The revision is made, and some nodes that are here do not run it. */
  notEverywhere: 8,
  timeout: 124,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

const codesOfFaults = {
  FAILED: exitCode.failed,
  USAGE: exitCode.usage,
  NOT_FOUND: exitCode.notFound,
  NOT_ALLOWED: exitCode.notAllowed,
  HUB_UNREACHABLE: exitCode.hubUnreachable,
  VALIDATION: exitCode.validation,
  NOT_EVERYWHERE: exitCode.notEverywhere,
  TIMEOUT: exitCode.timeout,
  INTERRUPTED: exitCode.interrupted,
} as const satisfies Record<string, ExitCode>;

/** A Fault of the command line; its code decides how the process ends. */
export function commandFault(code: keyof typeof codesOfFaults, message: string, cause?: unknown): Fault {
  return new Fault(code, message, cause === undefined ? undefined : { cause });
}

export function exitCodeOf(fault: Fault): ExitCode {
  return Object.entries(codesOfFaults).find(([code]) => code === fault.code)?.[1] ?? exitCode.failed;
}
