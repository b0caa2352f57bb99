/** The end of what a sandbox wrote to stderr: what Node says of a fatal error, and its report of it. */
import type { Readable } from "node:stream";
import { lastWordsBytes, lastWordsPerSecond } from "./limits.ts";

export class LastWords {
  #text = "";
  #readThisSecond = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Reads no faster than it may, so that nobody keeps the agent busy with it. */
  constructor(stream: Readable) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      this.#text = `${this.#text}${text}`.slice(-lastWordsBytes);
      this.#readThisSecond += text.length;
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#readThisSecond = 0;
        stream.resume();
      }, 1000);
      if (this.#readThisSecond > lastWordsPerSecond) stream.pause();
    });
    stream.on("close", () => clearTimeout(this.#timer));
    stream.on("error", () => undefined);
  }

  get text(): string {
    return this.#text;
  }
}

/** Where it was when a signal came, as `--trace-sigint` writes it. Empty: that does not stand there. */
export function interruptedAt(text: string): string {
  const at = text.lastIndexOf("KEYBOARD_INTERRUPT");
  const frames =
    at < 0
      ? []
      : text
          .slice(at)
          .split("\n")
          .filter((line) => /^\s+at /.test(line));
  return frames.length === 0 ? "" : ["where it was when it was ended:", ...frames].join("\n");
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

export interface LastCause {
  readonly reason?: string;
  readonly stack?: string;
  /** Its JavaScript heap was full. */
  readonly isOutOfHeap?: boolean;
  /** Bytes, and milliseconds of processor time. */
  readonly memory?: number;
  readonly cpuMs?: number;
}

/**
 * Why it ended and where, as far as its last words tell. Whole: half a secret is found by nobody, so that whoever hides them
 * cuts. It is no longer than what is kept of the words.
 */
export function causeIn(text: string): LastCause {
  const report = reportIn(text);
  if (report !== undefined) return causeOf(report);
  // Node writes where it was thrown, an empty line, and the error with its stack.
  const error = /^(?:Uncaught )?(?:\w*Error|Fault)\b.*$/m.exec(text);
  if (error === null) return {};
  return { reason: error[0], stack: text.slice(error.index) };
}

/** As `--report-on-fatalerror` writes it. */
function causeOf(report: Readonly<Record<string, unknown>>): LastCause {
  const header = isMap(report["header"]) ? report["header"] : {};
  const script = isMap(report["javascriptStack"]) ? report["javascriptStack"] : {};
  const frames: readonly unknown[] = Array.isArray(script["stack"]) ? script["stack"] : [];
  // Of a heap that is full there is no stack of JavaScript any more.
  const stack = frames.some((frame) => typeof frame === "string" && frame.includes("at "))
    ? [script["message"], ...frames]
    : [script["message"], ...nativeFrames(report["nativeStack"])];
  const event = typeof header["event"] === "string" ? header["event"] : undefined;
  const use = isMap(report["resourceUsage"]) ? report["resourceUsage"] : {};
  const memory = numberIn(use["rss"]);
  const cpu = (numberIn(use["userCpuSeconds"]) ?? 0) + (numberIn(use["kernelCpuSeconds"]) ?? 0);
  return {
    ...(event === undefined ? {} : { reason: event, isOutOfHeap: /out of memory|heap limit/i.test(event) }),
    stack: stack.filter((line) => typeof line === "string").join("\n"),
    ...(memory === undefined ? {} : { memory }),
    ...(cpu === 0 ? {} : { cpuMs: cpu * 1000 }),
  };
}

const numberIn = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : Number(value) > 0 ? Number(value) : undefined;

/** Frames of native code that are told: what comes further down is always the same. */
const nativeFramesMax = 12;

const nativeFrames = (stack: unknown): readonly string[] =>
  (Array.isArray(stack) ? stack : [])
    .slice(0, nativeFramesMax)
    .flatMap((frame: unknown) =>
      isMap(frame) && typeof frame["symbol"] === "string" ? [`    at ${frame["symbol"]}`] : [],
    );

function reportIn(text: string): Readonly<Record<string, unknown>> | undefined {
  const line = text.split("\n").findLast((each) => each.startsWith('{"header":'));
  if (line === undefined) return undefined;
  try {
    const report: unknown = JSON.parse(line);
    return isMap(report) ? report : undefined;
  } catch {
    return undefined;
  }
}
