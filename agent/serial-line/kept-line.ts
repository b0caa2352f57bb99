/**
 * A serial line that is kept open: opened when it is there, closed when it hangs up, and tried again, for ever.
 *
 * Three ways in which a line goes away without a word are covered. A hang-up is only seen by the driver while
 * somebody listens for data, so data is listened for from the first moment. A read that meets the hang-up at
 * the wrong moment gives nothing, again and again, and no error; and an adapter that is pulled and plugged
 * again may come back behind the same path as another device. For both the path is looked at every 2 s.
 */
import type { Stats } from "node:fs";
import { access, constants, stat } from "node:fs/promises";
import {
  type Clock,
  messageOf,
  type Millis,
  type Random,
  retryDelays,
} from "@interactor/shared/sdk/define-module";
import { isDeviceMissing } from "@interactor/shared/sdk/devices";
import { backlogBytesMax, closeLongest, presenceInterval, reopenLongest, steadyAfter } from "./limits.ts";
import { openTty, type Tty, type TtyEvents, type TtyOptions } from "./tty.ts";

export interface LineOptions extends Omit<TtyOptions, "path"> {
  /** Or who finds it, asked before each attempt: throws `deviceMissing(…)` while there is nothing to open. */
  readonly path: string | (() => Promise<string>);
}

export interface LineListener {
  opened(): void;
  /** The bytes are good during the call only. */
  received(bytes: Uint8Array): void;
  /**
   * The line is not open; `reason` says to an installer what is missing. It is tried again. `isAbsent`: there is nothing
   * to open, which is no fault of the line's.
   */
  away(reason: string, isAbsent: boolean): void;
}

type LineState =
  | { readonly kind: "pausing"; readonly cancel: () => void }
  | { readonly kind: "opening" }
  | { readonly kind: "open"; readonly tty: Tty; readonly cancel: () => void }
  | { readonly kind: "stopped" };

type Opening =
  | { readonly kind: "opened"; readonly tty: Tty; readonly place: Stats }
  | { readonly kind: "failed"; readonly reason: string; readonly isAbsent: boolean };

export class KeptLine {
  readonly #options: LineOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #listener: LineListener;
  #delays: Generator<Millis, never>;
  #state: LineState = { kind: "opening" };
  /** What is under way at the driver. */
  #busy: Promise<void> = Promise.resolve();

  constructor(options: LineOptions, shell: { clock: Clock; random: Random }, listener: LineListener) {
    this.#options = options;
    this.#clock = shell.clock;
    this.#random = shell.random;
    this.#listener = listener;
    this.#delays = retryDelays(shell.random, reopenLongest);
  }

  /** Resolves when the first attempt has succeeded or failed. */
  async start(): Promise<void> {
    this.#state = { kind: "opening" };
    this.#busy = this.#open();
    await this.#busy;
  }

  write(bytes: Uint8Array): "written" | "not-open" | "backlog" {
    if (this.#state.kind !== "open") return "not-open";
    const { tty } = this.#state;
    if (tty.backlog + bytes.length > backlogBytesMax) return "backlog";
    tty.write(bytes);
    return "written";
  }

  /** Returns whether it was sent, and has left: the line may not be open. Rejects when the driver refuses. */
  async sendAt(baudRate: number, bytes: Uint8Array): Promise<boolean> {
    if (this.#state.kind !== "open") return false;
    const { tty } = this.#state;
    await tty.sendAt(baudRate, bytes);
    return true;
  }

  /** Closes the line until it is tried again. Resolves when it is free. */
  async letGo(reason: string): Promise<void> {
    if (this.#state.kind === "open") this.#hangUp(this.#state.tty, reason);
    await this.#busy;
  }

  /** Closes the line. A driver that does not let go within 0.8 s is left to itself. */
  async stop(): Promise<void> {
    const before = this.#state;
    this.#state = { kind: "stopped" };
    if (before.kind === "pausing" || before.kind === "open") before.cancel();
    const closed = this.#busy.then(() => (before.kind === "open" ? before.tty.close() : undefined));
    const timeout = Promise.withResolvers<void>();
    const cancel = this.#clock.after(closeLongest, timeout.resolve);
    await Promise.race([closed, timeout.promise]);
    cancel();
  }

  async #open(): Promise<void> {
    const opening = await open(this.#options, {
      received: (bytes) => {
        if (this.#state.kind === "open") this.#listener.received(bytes);
      },
      ended: (words) => {
        const reason = words === undefined ? "hung up: is the device still plugged in?" : `failed: ${words}`;
        if (this.#state.kind === "open") this.#hangUp(this.#state.tty, `${this.#state.tty.path} ${reason}`);
      },
    });
    if (this.#state.kind === "stopped") {
      if (opening.kind === "opened") await opening.tty.close();
    } else if (opening.kind === "failed") this.#pause(opening.reason, opening.isAbsent);
    else this.#serve(opening.tty, opening.place);
  }

  #pause(reason: string, isAbsent: boolean): void {
    const cancel = this.#clock.after(this.#delays.next().value, () => void this.start());
    this.#state = { kind: "pausing", cancel };
    this.#listener.away(reason, isAbsent);
  }

  #serve(tty: Tty, place: Stats): void {
    const cancelSteady = this.#clock.after(steadyAfter, () => {
      this.#delays = retryDelays(this.#random, reopenLongest);
    });
    const cancelWatch = this.#watch(tty.path, place, (reason) => this.#hangUp(tty, reason));
    const cancel = (): void => {
      cancelSteady();
      cancelWatch();
    };
    this.#state = { kind: "open", tty, cancel };
    this.#listener.opened();
  }

  #hangUp(tty: Tty, reason: string): void {
    if (this.#state.kind !== "open" || this.#state.tty !== tty) return;
    this.#state.cancel();
    this.#busy = tty.close();
    this.#pause(reason, true);
  }

  /** Looks every 2 s whether the path still leads to what was opened. */
  #watch(path: string, place: Stats, hangUp: (reason: string) => void): () => void {
    let isOver = false;
    const look = async (): Promise<void> => {
      const found = await stat(path).catch(() => undefined);
      if (isOver) return;
      if (found === undefined) hangUp(`${path} is gone: is the device still plugged in?`);
      else if (found.rdev !== place.rdev || found.ino !== place.ino) hangUp(`${path} is another device now`);
      else cancel = this.#clock.after(presenceInterval, () => void look());
    };
    let cancel = this.#clock.after(presenceInterval, () => void look());
    return () => {
      isOver = true;
      cancel();
    };
  }
}

async function open(options: LineOptions, events: TtyEvents): Promise<Opening> {
  let path: string;
  try {
    path = typeof options.path === "string" ? options.path : await options.path();
  } catch (error) {
    return { kind: "failed", reason: messageOf(error), isAbsent: isDeviceMissing(error) };
  }
  const place = await stat(path).catch((error: unknown) => codeOf(error));
  if (place === "ENOENT") {
    const reason = `${path} is not there: plug the device in or correct the path`;
    return { kind: "failed", reason, isAbsent: true };
  }
  if (typeof place === "string") return failedBy(`${path} cannot be looked at: ${place}`);
  if (!place.isCharacterDevice()) return failedBy(`${path} is no serial line`);
  const access = await mayOpen(path);
  if (access === "EACCES" || access === "EPERM") {
    return failedBy(`${path} must not be opened by this user: add it to the group dialout and start again`);
  }
  try {
    return { kind: "opened", tty: await openTty({ ...options, path }, events), place };
  } catch (error) {
    const hint = "another program may have it, or it is no serial line";
    return failedBy(`${path} cannot be opened: ${messageOf(error)} (${hint})`);
  }
}

const failedBy = (reason: string): Opening => ({ kind: "failed", reason, isAbsent: false });

async function mayOpen(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (thrown) {
    return codeOf(thrown);
  }
}

const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && "code" in thrown ? String(thrown.code) : messageOf(thrown);
