/**
 * A bridge on an open line, as this instance knows it: welcomed, its pins found, its safe levels told, its sensors
 * subscribed to. It is asked for a sign of life often, because a board that hangs and one that was unplugged from a hub
 * both say nothing.
 */
import { type Clock, type Millis, millis } from "@interactor/shared/sdk/define-module";
import type { DeviceReports } from "@interactor/shared/sdk/devices";
import {
  type Answer,
  bootBits,
  type ChannelKind,
  type Request,
  versionMax,
  versionMin,
  type Welcome,
} from "@interactor/firmware-bridges/bridge/host/codec.ts";
import type { Tty } from "../../serial-line/tty.ts";
import { kindOfInput, kindOfOutput, restLevelOf, safeLevelOf } from "./levels.ts";
import {
  answerLongest,
  channelsMax,
  helloPause,
  sendsMax,
  silenceLongest,
  silenceWorrying,
} from "./limits.ts";
import { BridgeLink, type Patience } from "./link.ts";
import type { Settings } from "./settings.ts";

/** The release of the firmware that is the first to keep levels over a reset. */
const restSince = [1, 1] as const;

const usual: Patience = { pause: answerLongest, sendsMax };
/** Until the device's handshake is over. */
const atStart: Patience = { pause: helloPause, sendsMax: Number.POSITIVE_INFINITY };

export interface BoardEvents {
  /** `lost`: samples that should have come before it. */
  sampled(output: string, level: number, lost: number): void;
  /** It has said something, whatever it was. */
  spoke(): void;
}

/** What it runs, as far as it says. */
export interface Greeted {
  readonly firmware: string;
  readonly release: string;
  /** `undefined`: it speaks another version of the protocol, and nothing can be asked of it. */
  readonly welcome: Welcome | undefined;
}

/** A board that was set up. */
interface InUse {
  /** As it calls itself. */
  readonly board: string;
  /** What it cannot do of what the settings ask for; `undefined`: nothing. */
  readonly lack: string | undefined;
}

interface Channel {
  readonly channel: number;
  readonly kind: ChannelKind;
}

export class Board {
  readonly tty: Tty;
  readonly #settings: Settings;
  readonly #clock: Clock;
  readonly #link: BridgeLink;
  readonly #reports: DeviceReports;
  readonly #events: BoardEvents;
  readonly #outputs = new Map<number, { readonly name: string; next: number | undefined }>();
  readonly #inputs = new Map<string, number>();
  /** What each channel shall have and has not been told. A newer level takes the place of an older one. */
  readonly #wanted = new Map<number, number>();
  #isSetting = false;
  #isWelcomed = false;
  #cancelPing: (() => void) | undefined;
  readonly #closed = Promise.withResolvers<void>();
  readonly #heard = Promise.withResolvers<void>();
  #isMute = true;

  constructor(
    tty: Tty,
    shell: { settings: Settings; clock: Clock },
    reports: DeviceReports,
    events: BoardEvents,
  ) {
    this.tty = tty;
    this.#settings = shell.settings;
    this.#clock = shell.clock;
    this.#reports = reports;
    this.#events = events;
    this.#link = new BridgeLink(shell.clock, (bytes) => tty.write(bytes), {
      said: (answer) => this.#hear(answer),
      garbled: () => undefined,
    });
  }

  /** It has not said a word. */
  get isMute(): boolean {
    return this.#isMute;
  }

  received(bytes: Uint8Array): void {
    this.#link.received(bytes);
  }

  /**
   * Asks what it runs. Throws when it is no bridge. `silence`: nothing is said to it for so long, unless it speaks first.
   */
  async hello(silence: Millis): Promise<Greeted> {
    await this.#listen(silence);
    // Ends whatever stood on the line before.
    this.tty.write(Uint8Array.of(0));
    const answer = await this.#link.ask({ kind: "hello", versionMin, versionMax }, atStart);
    this.#spoke();
    if (answer.kind === "welcome")
      return { firmware: answer.firmware, release: answer.release, welcome: answer };
    if (answer.kind === "refused" && answer.reason === "no-common-version")
      return { firmware: "bridge", release: "of another protocol", welcome: undefined };
    throw new Error(otherVersion(answer.kind === "refused" ? answer.reason : answer.kind));
  }

  /** Throws with words for an installer when it is not the board that the settings speak of. */
  async setUp({ welcome }: Greeted, levels: ReadonlyMap<string, number>): Promise<InUse> {
    if (welcome === undefined) throw new Error(otherVersion("no-common-version"));
    await this.#must({ kind: "guard", millis: this.#settings.guard });
    const pins = await this.#describe(welcome.channels);
    for (const [name, input] of Object.entries(this.#settings.inputs)) {
      const channel = channelOf(pins, input.pin, kindOfInput(input));
      this.#inputs.set(name, channel);
      await this.#must({ kind: "safe", channel, level: safeLevelOf(input) });
      await this.#must({ kind: "set", channel, level: levels.get(name) ?? 0 });
    }
    const keepsRest = isSince(welcome.release, restSince);
    if (keepsRest) await this.#rest(pins);
    for (const [name, output] of Object.entries(this.#settings.outputs)) {
      const channel = channelOf(pins, output.pin, kindOfOutput(output));
      this.#outputs.set(channel, { name, next: undefined });
      const periodMillis = output.type === "bool" ? output.debounce : output.every;
      await this.#must({ kind: "subscribe", channel, periodMillis });
    }
    this.#isWelcomed = true;
    this.#ping();
    return { board: welcome.board, lack: keepsRest ? undefined : this.#lackOfRest(welcome.release) };
  }

  /** Instead of setting it up: sets what it has of the settings' pins, and does without what it has not. Never rejects. */
  async rest({ welcome }: Greeted, levels: ReadonlyMap<string, number>): Promise<void> {
    if (welcome === undefined) return;
    try {
      const pins = await this.#describe(welcome.channels);
      for (const [name, input] of Object.entries(this.#settings.inputs)) {
        const found = pins.get(input.pin);
        if (found === undefined || found.kind !== kindOfInput(input)) continue;
        await this.#link.ask({ kind: "set", channel: found.channel, level: levels.get(name) ?? 0 }, usual);
      }
    } catch {
      // One that does not answer any more, or whose line was closed, cannot be told.
    }
  }

  set(input: string, level: number): void {
    const channel = this.#inputs.get(input);
    if (channel === undefined) return;
    this.#wanted.set(channel, level);
    if (!this.#isSetting) void this.#setWanted();
  }

  /** Resolves when all that was set has arrived, or cannot any more. */
  async settled(): Promise<void> {
    if (this.#isWelcomed) await this.#setWanted();
  }

  async close(): Promise<void> {
    this.#cancelPing?.();
    this.#link.end();
    await this.tty.close();
    this.#closed.resolve();
    this.#heard.resolve();
  }

  /** Resolves when the line is free again. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  async #listen(silence: Millis): Promise<void> {
    if (silence === 0) return;
    const cancel = this.#clock.after(silence, this.#heard.resolve);
    await this.#heard.promise;
    cancel();
  }

  async #describe(channels: number): Promise<ReadonlyMap<string, Channel>> {
    if (channels > channelsMax)
      throw new Error(`it speaks of ${channels} channels, more than a board can have`);
    const pins = new Map<string, Channel>();
    for (let channel = 0; channel < channels; channel++) {
      const answer = await this.#link.ask({ kind: "describe", channel }, usual);
      if (answer.kind !== "description" || answer.channelKind === undefined) continue;
      pins.set(answer.label, { channel, kind: answer.channelKind });
    }
    return pins;
  }

  /** What the board does by itself after a reset. Pins that are not named are low then, whatever the board was before. */
  async #rest(pins: ReadonlyMap<string, Channel>): Promise<void> {
    const inputs = Object.values(this.#settings.inputs);
    for (const [label, { channel, kind }] of pins) {
      if (kind !== "onoff-out") continue;
      const input = inputs.find(({ pin }) => pin === label);
      const level = input === undefined ? 0 : restLevelOf(input);
      await this.#must({ kind: "rest", channel, level });
    }
  }

  /**
   * Older firmware does well where low is off. Where it is not, the board is used all the same: without this node such an
   * output would be on for good, and opening its line once more would switch it.
   */
  #lackOfRest(release: string): string | undefined {
    const active = Object.values(this.#settings.inputs).flatMap((input) =>
      input.type === "bool" && input.activeLow ? [input.pin] : [],
    );
    if (active.length === 0) return undefined;
    return (
      `its firmware ${release} cannot keep ${active.join(", ")} high after a reset, as activeLow needs: ` +
      `what hangs there is on until this node is heard. Give it ${restSince.join(".")}.0`
    );
  }

  /** Refused is failed: the settings ask for something that this board cannot do. */
  async #must(request: Request): Promise<void> {
    const answer = await this.#link.ask(request, usual);
    if (answer.kind === "done") return;
    throw new Error(`it refused ${request.kind}: ${answer.kind === "refused" ? answer.reason : answer.kind}`);
  }

  async #setWanted(): Promise<void> {
    this.#isSetting = true;
    try {
      for (const [channel, level] of this.#wanted) {
        this.#wanted.delete(channel);
        await this.#must({ kind: "set", channel, level });
      }
    } catch (error) {
      this.#reports.failed(error instanceof Error ? error.message : String(error));
    } finally {
      this.#isSetting = false;
    }
  }

  #spoke(): void {
    this.#isMute = false;
    this.#events.spoke();
  }

  #ping(): void {
    this.#cancelPing = this.#clock.after(millis(Math.min(this.#settings.guard / 4, 250)), () => this.#ping());
    const silence = this.#link.silence;
    if (silence > silenceLongest)
      return this.#reports.failed("it has fallen silent: is it still plugged in?");
    if (silence > silenceWorrying)
      this.#reports.worse(`nothing was heard of it for ${Math.round(silence)} ms`);
    else this.#reports.well();
    void this.#link.ask({ kind: "ping" }, { pause: answerLongest, sendsMax: 1 }).catch(() => undefined);
  }

  #hear(answer: Answer): void {
    this.#spoke();
    this.#heard.resolve();
    switch (answer.kind) {
      case "sample":
        return this.#hearSample(answer.channel, answer.number, answer.value);
      case "welcome":
        if (this.#isWelcomed) this.#reports.failed(`it has started anew: ${bootWords(answer.bootReason)}`);
        return;
      case "went-safe":
        if (this.#isWelcomed)
          this.#reports.failed("it heard nothing of this node for too long and made itself safe");
        return;
      default:
        // Answers that came twice, and what later versions say.
        return;
    }
  }

  #hearSample(channel: number, number: number, value: number): void {
    const output = this.#outputs.get(channel);
    if (output === undefined) return;
    const lost = output.next === undefined ? 0 : (number - output.next) & 0xff_ff;
    output.next = (number + 1) & 0xff_ff;
    this.#events.sampled(output.name, value, lost);
  }
}

const otherVersion = (why: string): string =>
  `it speaks another version of the bridge's protocol, not ${versionMin} to ${versionMax} (${why})`;

function channelOf(pins: ReadonlyMap<string, Channel>, pin: string, kind: ChannelKind): number {
  const found = pins.get(pin);
  const fitting = [...pins].flatMap(([label, channel]) => (channel.kind === kind ? [label] : [])).join(", ");
  if (found === undefined) throw new Error(`it has no pin ${pin}; as ${kind} it has ${fitting}`);
  if (found.kind !== kind)
    throw new Error(`its pin ${pin} is ${found.kind}, not ${kind}, which are ${fitting}`);
  return found.channel;
}

function isSince(release: string, [firstMajor, firstMinor]: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = release.split(".").map(Number);
  return major > firstMajor || (major === firstMajor && minor >= firstMinor);
}

function bootWords(reason: number): string {
  if ((reason & bootBits.watchdog) !== 0) return "its watchdog found it standing still";
  if ((reason & bootBits.brownOut) !== 0) return "its power was too low";
  if ((reason & bootBits.resetPin) !== 0) return "it was reset";
  if ((reason & bootBits.power) !== 0) return "its power was gone";
  return "it was reset, or its watchdog found it standing still";
}
