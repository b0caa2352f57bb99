/** What the agent does in the world for an instance. */
import type { Breakers } from "@interactor/shared/wire/messages/measured";
import type { BoardFirmware, SerialSettings } from "@interactor/shared/sdk/services";
import type { Value } from "@interactor/shared/wire/value";

/** What an instance keeps, by key. */
export type Stored = Readonly<Record<string, Value>>;

export interface ByteLineEnds {
  came(bytes: Uint8Array): void;
  /** Once, also after `close`. */
  closed(reason: string): void;
}

export interface ByteLine {
  /** Resolves when the system has taken it. */
  write(bytes: Uint8Array): Promise<void>;
  /** Reads no further until `resume`. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** A circuit breaker that is not closed. */
export interface Resting {
  readonly kind: keyof Breakers;
  /** A host with its port, or a serial line. */
  readonly thing: string;
  /** One who asks is let through just now, to see. */
  readonly isTried: boolean;
}

export interface ModuleServices {
  /** Throws a Fault when it cannot be read; nothing kept is nothing. */
  loadStored(instance: string): Promise<Stored>;
  /** On disk when it resolves: this, or what was to be saved after it. */
  saveStored(instance: string, stored: Stored): Promise<void>;
  /** Of an instance that ends, or of all: what waits to be written, and the little that it writes now, has no time to wait. */
  flush?(instance?: string): Promise<void>;
  /** Throws a Fault `CONNECT_FAILED`, or `UNAVAILABLE` while an address rests. */
  connect(host: string, port: number, ends: ByteLineEnds): Promise<ByteLine>;
  /** Whether something is plugged in there. */
  isSerialLine(path: string): Promise<boolean>;
  /** Throws a Fault `SERIAL_UNAVAILABLE`, or `UNAVAILABLE` while the line rests. */
  openSerial(path: string, settings: SerialSettings, ends: ByteLineEnds): Promise<ByteLine>;
  /** Throws a Fault `FLASH_REFUSED`, `FLASH_ROLLED_BACK` or `FLASH_FAILED`. */
  flash(path: string, firmware: BoardFirmware, signal: AbortSignal): Promise<void>;
  /** What failed again and again and is given a rest now. */
  resting(): readonly Resting[];
  /** Throws a Fault `FILE_UNREADABLE` or `FILE_TOO_LARGE`. */
  readFile(path: string, bytesMax: number): Promise<Uint8Array>;
}
