/**
 * What modules log, while somebody reads it: asked of their nodes for a short time, again and again, and handed to whoever
 * reads. A reader that does not come back is forgotten, and its node asked no more.
 */
import type { Clock } from "@interactor/shared/kernel/clock";
import { Fault } from "@interactor/shared/kernel/fault";
import { between, type Instant, seconds } from "@interactor/shared/kernel/units";
import type { LogLineView, LogRequest, LogView } from "@interactor/shared/wire/api-log";
import {
  decodeLogWord,
  encodeListen,
  listenInstancesMax,
  type LogLine,
} from "@interactor/shared/wire/messages/log";
import type { Log } from "./ports/log.ts";
import type { LogDesk } from "./ports/log-desk.ts";

/** Who reads at a time. More: refuse. */
const readersMax = 16;
/** Lines that wait for one reader, which asks several times a second. More: evict the oldest, and say how many. */
const waitingLinesMax = 500;
/** A reader that does not ask for so long is gone. */
const readerMax = seconds(15);
/** Between two words to a node that it is listened to. */
const renewal = seconds(5);
/** A node that has missed two of them still tells. */
const span = seconds(15);

interface Reader {
  readonly wanted: LogRequest;
  lines: LogLineView[];
  leftOut: number;
  isHeard: boolean;
  askedAt: Instant;
}

export interface LogsWorld {
  readonly clock: Clock;
  readonly log: Log;
}

export class HubLogs implements LogDesk {
  readonly #world: LogsWorld;
  readonly #readers = new Map<number, Reader>();
  /** By node: the lines of its last word, for what was cut off on its way comes again. */
  readonly #last = new Map<string, ReadonlySet<string>>();
  #publish: (node: string, payload: Uint8Array) => void = () => undefined;
  #lastId: number;
  /** There is a timer. It ends by itself, when nobody reads any more. */
  #isDue = false;

  constructor(world: LogsWorld) {
    this.#world = world;
    // Whoever reads by a number of a former life of the hub must not get what somebody else reads.
    this.#lastId = Math.floor(world.clock.wall() / 1000);
  }

  /** Nodes are asked this way from now on. */
  start(publish: (node: string, payload: Uint8Array) => void): void {
    this.#publish = publish;
  }

  begin(by: string, wanted: LogRequest): number {
    if (this.#readers.size >= readersMax)
      throw new Fault("LOG_BUSY", `${readersMax} read logs of this hub's nodes already: try again later`);
    this.#lastId += 1;
    const { clock, log } = this.#world;
    this.#readers.set(this.#lastId, {
      wanted,
      lines: [],
      leftOut: 0,
      isHeard: false,
      askedAt: clock.now(),
    });
    log.info("somebody reads what modules log", { by, ...wanted });
    this.#ask(wanted.node);
    this.#renewLater();
    return this.#lastId;
  }

  take(id: number): LogView | undefined {
    const reader = this.#readers.get(id);
    if (reader === undefined) return undefined;
    const { lines, leftOut, isHeard } = reader;
    Object.assign(reader, { lines: [], leftOut: 0, askedAt: this.#world.clock.now() });
    return { id, heard: isHeard, lines, left_out: leftOut };
  }

  end(id: number): void {
    const node = this.#readers.get(id)?.wanted.node;
    if (!this.#readers.delete(id) || node === undefined) return;
    this.#ask(node);
    if (this.#readersOf(node).length === 0) this.#last.delete(node);
  }

  /** Takes what a node says. Returns why it is of no use. */
  heard(node: string, payload: Uint8Array): string | undefined {
    const readers = this.#readersOf(node);
    if (readers.length === 0) return "not-asked";
    const decoded = decodeLogWord(payload);
    if (!decoded.ok) return decoded.error;
    const { lines, leftOut } = decoded.value;
    const known = this.#last.get(node);
    const fresh = lines.filter((line) => known?.has(JSON.stringify(line)) !== true);
    if (lines.length > 0) this.#last.set(node, new Set(lines.map((line) => JSON.stringify(line))));
    for (const reader of readers) {
      reader.isHeard = true;
      reader.leftOut += leftOut;
      for (const line of fresh) this.#tell(reader, line);
    }
    return undefined;
  }

  #tell(reader: Reader, line: LogLine): void {
    const { instance } = reader.wanted;
    if (instance !== undefined && instance !== line.instance) return;
    reader.lines.push(viewOf(line));
    if (reader.lines.length <= waitingLinesMax) return;
    reader.lines.shift();
    reader.leftOut += 1;
  }

  /** What all its readers want; nothing, when there are none any more. */
  #ask(node: string): void {
    const wanted = this.#readersOf(node).map((reader) => reader.wanted.instance);
    const named = new Set(wanted.flatMap((instance) => instance ?? []));
    const isAll = wanted.includes(undefined) || named.size > listenInstancesMax;
    const document = {
      v: 1,
      kind: "listen",
      instances: isAll ? [] : [...named],
      span: wanted.length === 0 ? 0 : span,
    } as const;
    this.#publish(node, encodeListen(document));
  }

  #renewLater(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#world.clock.after(renewal, () => {
      this.#isDue = false;
      this.#renew();
    });
  }

  #renew(): void {
    const at = this.#world.clock.now();
    for (const [id, { askedAt }] of this.#readers) if (between(askedAt, at) > readerMax) this.end(id);
    for (const node of new Set([...this.#readers.values()].map(({ wanted }) => wanted.node))) this.#ask(node);
    if (this.#readers.size > 0) this.#renewLater();
  }

  #readersOf(node: string): readonly Reader[] {
    return [...this.#readers.values()].filter(({ wanted }) => wanted.node === node);
  }
}

const viewOf = ({ at, ...line }: LogLine): LogLineView => ({
  ...line,
  at: new Date(at / 1000).toISOString(),
});
