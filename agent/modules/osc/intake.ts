/** From packets to values: what cannot be read is counted, named and passed over. */
import { between, type Clock, type Instant, seconds, type Value } from "@interactor/shared/sdk/define-module";
import { type AddressPattern, isPattern, matchesAddress, parseAddressPattern } from "./address-pattern.ts";
import { decodePacket, type OscFault, type OscMessage } from "./codec.ts";
import { messagesPerSecondMax, patternLengthMax, patternsKept, patternsPerSecondMax } from "./limits.ts";
import { type ReadFault, readValue } from "./read-argument.ts";
import type { OutputSettings } from "./settings.ts";

export type Rejection = OscFault | ReadFault | "unmapped" | "bad-pattern" | "too-many" | "stranger";

export interface IntakeSink {
  value(output: string, value: Value): void;
  /** A message came, whether somebody takes it or not. */
  message(): void;
  rejected(reason: Rejection, example: string): void;
}

type Target = readonly [name: string, output: OutputSettings];

export class Intake {
  readonly #sink: IntakeSink;
  readonly #byAddress = new Map<string, Target[]>();
  readonly #byPattern = new Map<string, readonly Target[] | undefined>();
  readonly #messages: PerSecond;
  readonly #patterns: PerSecond;

  constructor(outputs: { readonly [name: string]: OutputSettings }, clock: Clock, sink: IntakeSink) {
    this.#sink = sink;
    this.#messages = new PerSecond(clock, messagesPerSecondMax);
    this.#patterns = new PerSecond(clock, patternsPerSecondMax);
    for (const [name, output] of Object.entries(outputs)) {
      const targets = this.#byAddress.get(output.address) ?? [];
      this.#byAddress.set(output.address, [...targets, [name, output]]);
    }
  }

  /** The bytes are good during the call only. */
  take(bytes: Uint8Array): void {
    const packet = decodePacket(bytes);
    if (!packet.ok) return this.#sink.rejected(packet.error, beginningOf(bytes));
    for (const message of packet.value) this.#takeMessage(message);
  }

  #takeMessage(message: OscMessage): void {
    const { address } = message;
    this.#sink.message();
    if (!this.#messages.allows()) return this.#sink.rejected("too-many", address);
    const targets = isPattern(address) ? this.#targetsOf(address) : this.#byAddress.get(address);
    if (targets === "too-many" || targets === "bad-pattern") return this.#sink.rejected(targets, address);
    if (targets === undefined || targets.length === 0) {
      return this.#sink.rejected("unmapped", described(message));
    }
    for (const [name, output] of targets) {
      const value = readValue(message, output);
      if (!value.ok) this.#sink.rejected(value.error, described(message));
      else if (value.value !== undefined) this.#sink.value(name, value.value);
    }
  }

  #targetsOf(text: string): readonly Target[] | "too-many" | "bad-pattern" {
    if (!this.#byPattern.has(text)) {
      if (!this.#patterns.allows()) return "too-many";
      const [oldest] = this.#byPattern.keys();
      if (this.#byPattern.size === patternsKept && oldest !== undefined) this.#byPattern.delete(oldest);
      const pattern = text.length <= patternLengthMax ? parseAddressPattern(text) : undefined;
      this.#byPattern.set(text, pattern && this.#matching(pattern));
    }
    return this.#byPattern.get(text) ?? "bad-pattern";
  }

  #matching(pattern: AddressPattern): readonly Target[] {
    return [...this.#byAddress].flatMap(([address, targets]) =>
      matchesAddress(pattern, address) ? targets : [],
    );
  }
}

/** How often something may happen in a second. */
class PerSecond {
  readonly #clock: Clock;
  readonly #most: number;
  #since: Instant;
  #count = 0;

  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
    this.#since = clock.now();
  }

  allows(): boolean {
    const now = this.#clock.now();
    if (between(this.#since, now) >= seconds(1)) {
      this.#since = now;
      this.#count = 0;
    }
    this.#count += 1;
    return this.#count <= this.#most;
  }
}

/** As `oscdump` writes it: `/1/fader1 f 0.5`. */
function described({ address, arguments: values }: OscMessage): string {
  const tags = values.map(({ tag }) => tag).join("");
  const texts = values.map(({ value }) => (value instanceof Uint8Array ? `${value.length} bytes` : value));
  return [address, tags, ...texts].join(" ");
}

function beginningOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 80));
}
