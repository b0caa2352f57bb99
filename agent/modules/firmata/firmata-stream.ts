/**
 * Cuts what a board says into messages of the Firmata protocol, and lets whole ones through alone. johnny-five's own reader
 * takes whatever follows a command for its data: a byte that is lost or strange would come out as a value that no pin ever
 * had. Nothing in the protocol can be checked but where bytes may stand; what cannot stand where it does is damage. Pure.
 */
import { sysexBytesMax } from "./limits.ts";

const sysexStart = 0xf0;
const sysexEnd = 0xf7;
const version = 0xf9;
const systemReset = 0xff;

/** `reset`: a byte by which a host resets a board, and which a board says in no message. */
export type Damage = "broken" | "reset";

export interface FirmataTaker {
  message(bytes: Uint8Array): void;
  damaged(how: Damage): void;
}

export class FirmataStream {
  readonly #taker: FirmataTaker;
  /** The message that is not whole yet; empty: none. */
  #open: number[] = [];
  /** Bytes that belong to nothing are told once. */
  #isAstray = false;

  constructor(taker: FirmataTaker) {
    this.#taker = taker;
  }

  take(bytes: Uint8Array): void {
    for (const byte of bytes) this.#one(byte);
  }

  #one(byte: number): void {
    if (byte === sysexEnd && this.#open[0] === sysexStart) return this.#whole(byte);
    if (byte >= 0x80) return this.#command(byte);
    const [command] = this.#open;
    if (command === undefined) return this.#stray(byte);
    if (command === sysexStart) {
      if (this.#open.length >= sysexBytesMax) return this.#broken("broken");
      this.#open.push(byte);
    } else if (this.#open.length === 2) this.#whole(byte);
    else this.#open.push(byte);
  }

  #command(byte: number): void {
    if (byte === systemReset) return this.#broken("reset");
    if (this.#open.length > 0) this.#broken("broken");
    if (isCommand(byte)) {
      this.#isAstray = false;
      this.#open = [byte];
    } else this.#stray(byte);
  }

  #whole(last: number): void {
    const message = Uint8Array.from([...this.#open, last]);
    this.#open = [];
    this.#taker.message(message);
  }

  #broken(how: Damage): void {
    this.#open = [];
    // What follows belongs to the message that was given up.
    this.#isAstray = true;
    this.#taker.damaged(how);
  }

  /** Zeros between messages are how some boards wake. */
  #stray(byte: number): void {
    if (this.#isAstray || byte === 0) return;
    this.#isAstray = true;
    this.#taker.damaged("broken");
  }
}

/** Digital and analog values, system messages, the version. */
const isCommand = (byte: number): boolean =>
  byte === sysexStart || byte === version || (byte & 0xf0) === 0x90 || (byte & 0xf0) === 0xe0;
