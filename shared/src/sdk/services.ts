/**
 * What an instance may have of the world, through the agent: the same in a thread and in a sandbox. All of it can be
 * refused; a refusal is a Fault with a code, whose words are for an installer.
 */
import type { Value } from "../wire/value.ts";

/**
 * What an instance keeps over restarts, by key: 48 KiB and 256 keys in all. It goes with the instance's name, so that
 * another version finds what the one before it has left.
 */
export interface ModuleStorage {
  get(key: string): Promise<Value | undefined>;
  /** On disk when it resolves. Fault `STORAGE_FULL`, and nothing has changed. */
  set(key: string, value: Value): Promise<void>;
  delete(key: string): Promise<void>;
  keys(): Promise<readonly string[]>;
}

/** The version of the module that wrote what its instance keeps. No module can have such a key by chance. */
export const versionKey = "@version";

/**
 * What an instance measures of itself: the hub gives it to Prometheus as `interactor_module_events_total` and
 * `interactor_module_value`, with the labels `node`, `instance` and `metric`, within 10 s. An instance has 32 names (a-z, 0-9
 * and _, at most 48 letters) of both kinds together. Faults `METRIC_NAME`, `METRIC_VALUE` (no number, or a counter that
 * would shrink) and `TOO_MANY`. Use base units, and say them in the name: `wait_seconds`, `sent_bytes`.
 */
export interface ModuleMetrics {
  /** Counts up, since the instance started. */
  count(name: string, by?: number): void;
  /** Is this now. */
  set(name: string, value: number): void;
}

export interface HostAddress {
  /** A name or an address, as it was granted. */
  readonly host: string;
  readonly port: number;
}

export interface ModuleNet {
  /**
   * A TCP connection to a host that was granted as `host:port`. Faults `NOT_GRANTED`, `TOO_MANY` (8 at one time),
   * `CONNECT_FAILED`, and `UNAVAILABLE` while the agent gives a host that failed again and again a rest.
   */
  connect(to: HostAddress): Promise<ModuleConnection>;
}

export interface ModuleConnection {
  /** Resolves when the system has taken it: who writes faster than the other side reads waits. Fault `CLOSED`. */
  write(bytes: Uint8Array): Promise<void>;
  /** To be called once; what came before is given first. */
  onData(listener: (bytes: Uint8Array) => void): void;
  /** Resolves when it is closed, by whomever; says why. */
  readonly closed: Promise<string>;
  close(): void;
}

export interface ModuleFiles {
  /** A file that was granted by its path, of 256 KiB at most. Faults `NOT_GRANTED`, `FILE_UNREADABLE`, `FILE_TOO_LARGE`. */
  read(path: string): Promise<Uint8Array>;
}

export interface SerialSettings {
  /** In bit/s. */
  readonly baudRate: number;
  /** Default 8. */
  readonly dataBits?: 5 | 6 | 7 | 8 | undefined;
  /** Default 1. */
  readonly stopBits?: 1 | 2 | undefined;
  /** Default none. */
  readonly parity?: "none" | "even" | "odd" | undefined;
}

/** By the bootloader that they come with: `nano-old` has that of before 2018. */
export type BoardKind = "uno" | "nano" | "nano-old" | "mega2560";

/** What is written into a microcontroller, and how it is known that it runs. */
export interface BoardFirmware {
  readonly board: BoardKind;
  /** What its flash holds from address 0 on, at most 48 KiB. */
  readonly program: Uint8Array;
  /** Of its line, when it runs. */
  readonly baudRate: number;
  /** Said to it until it answers; without, it is only heard. */
  readonly question?: Uint8Array | undefined;
  /** What it says when it runs, within 10 s: 4 to 64 bytes that its name and its release are in. */
  readonly banner: Uint8Array;
}

export interface ModuleSerial {
  /** Lines that were granted, by the paths they were granted under, and whether something is plugged in there. */
  list(): Promise<readonly { readonly path: string; readonly isThere: boolean }[]>;
  /**
   * A line that was granted. It is its opener's alone until it is closed. Faults `NOT_GRANTED`, `TOO_MANY` (8 lines and
   * connections at one time), `SERIAL_UNAVAILABLE` (not plugged in, or another program has it; the words say what to do),
   * and `UNAVAILABLE` while the agent gives a line that failed again and again a rest.
   */
  open(path: string, settings: SerialSettings): Promise<SerialLine>;
  /**
   * Writes firmware into the board on a line that was granted as `/dev/serial/by-id/…`, by avrdude; close the line before,
   * and bring its outputs where they are safe. What was in it is read first and goes back unless the new one says its
   * banner. It takes a quarter of a minute, on a Mega a whole one; interrupted, call it again. Faults `NOT_GRANTED`;
   * `FLASH_REFUSED`, nothing was written; `FLASH_ROLLED_BACK`, it runs what it ran before; `FLASH_FAILED`, it runs nothing
   * that answers. In a bundle that its publisher signed the firmware is signed with it.
   */
  flash(path: string, firmware: BoardFirmware): Promise<void>;
}

/**
 * Writing resolves when the line has taken it, 8 KB ahead of the device at most; Fault `SERIAL_BUSY` when the device takes
 * nothing for 5 s. What comes and is not taken is held, 64 KB; then the line is closed. `closed` resolves when it is
 * unplugged, within 2 s, or by whomever, with the reason: open it again to go on.
 */
export interface SerialLine extends ModuleConnection {
  /** In place of `onData`: text (UTF-8) by lines, without their ends; one of more than 4096 bytes is left out. */
  onLine(listener: (line: string) => void): void;
}

/** What a guest asks its agent for. `line` is a number of the guest's own. */
export type ServiceRequest =
  | readonly [what: "get", key: string]
  | readonly [what: "set", key: string, value: Value]
  | readonly [what: "delete", key: string]
  | readonly [what: "keys"]
  | readonly [what: "read-file", path: string]
  | readonly [what: "connect", line: number, host: string, port: number]
  | readonly [what: "list-serial"]
  | readonly [what: "open-serial", line: number, path: string, settings: SerialSettings]
  | readonly [what: "flash", path: string, firmware: BoardFirmware]
  | readonly [what: "write", line: number, bytes: Uint8Array];

/** How it came out: a Fault's code and words, or a value, or nothing. */
export type ServiceReply = readonly [code: string, words: string] | readonly [value: Value] | readonly [];

/** Bytes of one connection that may be on their way to a guest. More: the agent reads no further. */
export const lineWindowBytes = 64 * 1024;
/** What is written to a connection goes to the agent in pieces of this. */
export const lineWriteBytes = 32 * 1024;
