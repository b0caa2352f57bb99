/** What modules of a node log, from now on, as long as somebody reads it: for `interactor log` and `interactor module dev`. */
import { setTimeout as wait } from "node:timers/promises";
import { unreachable } from "@interactor/shared/kernel/assert";
import {
  type LogLineView,
  type LogRequest,
  logsPath,
  type LogView,
  logView,
} from "@interactor/shared/wire/api-log";
import { commandFault } from "./exit.ts";
import { answerIn, askHub, type HubAddress, isUnreachable } from "./hub-client.ts";
import { formatClock, type Painter, printable } from "./output.ts";

export interface LogReader {
  line(line: LogLineView): void;
  /** What is to be known beside the lines, in words for people. */
  told(words: string): void;
}

/** Soon enough for who watches it; four questions a second are nothing to a hub. */
const lookEvery = 250; // ms
/** A node is asked every 5 s, and answers at once. */
const answerMax = 12_000; // ms
/** A hub that is away is asked again. */
const retryEvery = 1000; // ms

/** Reads until `signal` aborts, over restarts of the hub and of the node. A Fault: the hub does not give it. */
export async function followLog(
  hub: HubAddress,
  wanted: LogRequest,
  reader: LogReader,
  signal: AbortSignal,
): Promise<void> {
  const reading = new Reading(hub, wanted, reader);
  try {
    while (!signal.aborted) await wait(await reading.look(), undefined, { signal }).catch(() => undefined);
  } finally {
    await reading.end();
  }
}

class Reading {
  readonly #hub: HubAddress;
  readonly #wanted: LogRequest;
  readonly #reader: LogReader;
  #id: number | undefined;
  #isHubAway = false;
  /** When it began; `undefined`: the node has answered, or it was said that it does not. */
  #askedAt: number | undefined;

  constructor(hub: HubAddress, wanted: LogRequest, reader: LogReader) {
    this.#hub = hub;
    this.#wanted = wanted;
    this.#reader = reader;
  }

  /** Returns after how many ms to look again. */
  async look(): Promise<number> {
    try {
      const view = this.#id === undefined ? await this.#begin() : await this.#next(this.#id);
      if (this.#isHubAway) this.#reader.told("the hub is back");
      this.#isHubAway = false;
      if (view !== undefined) this.#tell(view);
      return view === undefined ? 0 : lookEvery;
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      if (!this.#isHubAway) this.#reader.told("the hub is gone; trying again");
      this.#isHubAway = true;
      return retryEvery;
    }
  }

  async end(): Promise<void> {
    if (this.#id === undefined) return;
    // It is forgotten by itself soon.
    await askHub(this.#hub, `${logsPath}/${this.#id}/end`, { body: {} }).catch(() => undefined);
  }

  async #begin(): Promise<LogView> {
    const answer = await askHub(this.#hub, logsPath, { body: this.#wanted });
    // As a hub answers to a path that it does not know.
    if (answer.status === 404)
      throw commandFault("FAILED", "this hub is older than the command, and gives no logs of modules");
    const view = answerIn(this.#hub, answer, logView);
    this.#id = view.id;
    this.#askedAt = performance.now();
    return view;
  }

  /** `undefined`: the hub does not know of it, and has been restarted. */
  async #next(id: number): Promise<LogView | undefined> {
    const answer = await askHub(this.#hub, `${logsPath}/${id}`, { body: {} });
    if (answer.status !== 404) return answerIn(this.#hub, answer, logView);
    this.#id = undefined;
    return undefined;
  }

  #tell({ heard, lines, left_out: leftOut }: LogView): void {
    if (heard) this.#askedAt = undefined;
    if (this.#askedAt !== undefined && performance.now() - this.#askedAt > answerMax) {
      this.#askedAt = undefined;
      const { node } = this.#wanted;
      this.#reader.told(`${node} does not answer: it is away, or its agent is older; still listening`);
    }
    if (leftOut > 0) this.#reader.told(`${leftOut} lines were left out: there were more than may pass`);
    for (const line of lines) this.#reader.line(line);
  }
}

/** `04:36:32.123 warn  blink: words {"details":1}` */
export function logLine({ at, instance, level, words, details }: LogLineView, painter: Painter): string {
  const more = details === undefined ? "" : ` ${painter.faint(printable(details))}`;
  const clock = painter.faint(formatClock(new Date(at)));
  return `${clock} ${levelWord(level, painter)} ${instance}: ${printable(words)}${more}`;
}

function levelWord(level: LogLineView["level"], painter: Painter): string {
  const word = level.padEnd(5);
  switch (level) {
    case "info":
      return painter.faint(word);
    case "warn":
      return painter.warn(word);
    case "error":
      return painter.bad(word);
    default:
      return unreachable(level);
  }
}
