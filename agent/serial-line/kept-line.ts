/**
 * A serial line that is kept open: found, opened when it is there, closed when it hangs up, and tried again, for ever. It
 * is a device with a device's life: absent, opening, handshaking, ready, degraded, lost.
 *
 * Three ways in which a line goes away without a word are covered. A hang-up is only seen by the driver while
 * somebody listens for data, so data is listened for from the first moment. A read that meets the hang-up at
 * the wrong moment gives nothing, again and again, and no error; and an adapter that is pulled and plugged
 * again may come back behind the same path as another device. For both the path is looked at twice a second. That a
 * device says nothing although its line is open is for who listens to notice, and to report.
 */
import { type Clock, messageOf, type Random } from "@interactor/shared/sdk/define-module";
import {
  type DeviceListener,
  deviceMissing,
  type DeviceReports,
  type DeviceState,
  KeptDevice,
} from "@interactor/shared/sdk/devices";
import { backlogBytesMax, closeLongest, lineSpans, presenceInterval } from "./limits.ts";
import { deviceAt, findLine, type LinePlace, linksFolder, presentAt } from "./place.ts";
import { openTty, type Tty, type TtyOptions } from "./tty.ts";

export interface LineOptions extends Omit<TtyOptions, "path"> {
  readonly place: LinePlace;
}

export interface LineShell {
  readonly clock: Clock;
  readonly random: Random;
  /** Where the lines of USB adapters are found by their serial numbers. Default: udev's links. */
  readonly links?: string;
}

export interface LineListener extends DeviceListener {
  /** Before it is opened there. Throws `deviceMissing(…)` while it shall not be. */
  found?(path: string): Promise<void>;
  /** It is free again. */
  closed?(): void;
  /**
   * The line was opened and takes what is written. Resolves when who is there has said who it is, and rejects when it is
   * somebody else. Of no use to anybody until then.
   */
  greet?(reports: DeviceReports): Promise<void>;
  /** The bytes are good during the call only. */
  received(bytes: Uint8Array): void;
}

interface OpenLine {
  readonly tty: Tty;
  readonly reports: DeviceReports;
  readonly cancelWatch: () => void;
}

export class KeptLine {
  readonly #options: LineOptions;
  readonly #shell: LineShell;
  readonly #listener: LineListener;
  readonly #device: KeptDevice<OpenLine>;
  readonly #tried = Promise.withResolvers<void>();
  #last: OpenLine | undefined;

  constructor(options: LineOptions, shell: LineShell, listener: LineListener) {
    this.#options = options;
    this.#shell = shell;
    this.#listener = listener;
    const driver = {
      open: (reports: DeviceReports) => this.#open(reports),
      greet: async (_: OpenLine, reports: DeviceReports) => listener.greet?.(reports),
      close: async ({ tty, cancelWatch }: OpenLine) => {
        cancelWatch();
        await tty.close();
        listener.closed?.();
      },
      present: () => presentAt(options.place, shell.links),
    };
    const changed: DeviceListener["changed"] = (state, complaint) => {
      listener.changed(state, complaint);
      if (state.kind !== "opening") this.#tried.resolve();
    };
    this.#device = new KeptDevice(shell, driver, { changed }, lineSpans);
  }

  get state(): DeviceState {
    return this.#device.state;
  }

  /** Resolves when the first attempt to open it has succeeded or failed. */
  async start(): Promise<void> {
    this.#device.start();
    await this.#tried.promise;
  }

  write(bytes: Uint8Array): "written" | "not-open" | "backlog" {
    const tty = this.#tty;
    if (tty === undefined) return "not-open";
    if (tty.backlog + bytes.length > backlogBytesMax) return "backlog";
    tty.write(bytes);
    return "written";
  }

  /** Returns whether it was sent, and has left: the line may not be open. Rejects when the driver refuses. */
  async sendAt(baudRate: number, bytes: Uint8Array): Promise<boolean> {
    const tty = this.#tty;
    if (tty === undefined) return false;
    await tty.sendAt(baudRate, bytes);
    return true;
  }

  /** It does not do what it should, in who listens' eyes: it is closed, and tried again. */
  failed(reason: string): void {
    this.#last?.reports.failed(reason);
  }

  /** What is wrong with it, once that is known; that it is not there is no fault. */
  selfTest(): Promise<string | undefined> {
    return this.#device.selfTest();
  }

  /** Closes the line. A driver that does not let go within 0.8 s is left to itself. */
  async stop(): Promise<void> {
    const closed = this.#device.stop();
    const timeout = Promise.withResolvers<void>();
    const cancel = this.#shell.clock.after(closeLongest, timeout.resolve);
    await Promise.race([closed, timeout.promise]);
    cancel();
  }

  /** While nobody has said that it is over. */
  get #tty(): Tty | undefined {
    return this.#last?.reports.signal.aborted === false ? this.#last.tty : undefined;
  }

  async #open(reports: DeviceReports): Promise<OpenLine> {
    const { place, ...rest } = this.#options;
    const path = await findLine(place, this.#shell.links ?? linksFolder);
    await this.#listener.found?.(path);
    const device = await deviceAt(path);
    if (device === undefined) throw deviceMissing(`${path} is gone: is the device still plugged in?`);
    const tty = await openTty(
      { ...rest, path },
      {
        received: (bytes) => {
          if (this.#last?.reports === reports && this.#tty !== undefined) this.#listener.received(bytes);
        },
        ended: (words) => {
          const reason =
            words === undefined ? "hung up: is the device still plugged in?" : `failed: ${words}`;
          reports.failed(`${path} ${reason}`);
        },
      },
    ).catch((error: unknown): never => {
      const hint = "another program may have it, or it is no serial line";
      throw new Error(`${path} cannot be opened: ${messageOf(error)} (${hint})`, { cause: error });
    });
    this.#last = { tty, reports, cancelWatch: this.#watch({ path, device }, reports) };
    return this.#last;
  }

  /** Looks again and again whether the path still leads to what was opened. */
  #watch({ path, device }: { path: string; device: string }, reports: DeviceReports): () => void {
    const { clock } = this.#shell;
    const look = async (): Promise<void> => {
      const found = await deviceAt(path);
      if (reports.signal.aborted) return;
      if (found === undefined) reports.failed(`${path} is gone: is the device still plugged in?`);
      else if (found !== device) reports.failed(`${path} is another device now`);
      else cancel = clock.after(presenceInterval, () => void look());
    };
    let cancel = clock.after(presenceInterval, () => void look());
    return () => cancel();
  }
}
