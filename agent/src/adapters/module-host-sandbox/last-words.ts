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

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** Why it ended and where, as far as its last words tell. */
export function causeIn(text: string): { readonly reason?: string; readonly stack?: string } {
  const report = reportIn(text);
  if (report !== undefined) {
    const header = isMap(report["header"]) ? report["header"] : {};
    const stack = isMap(report["javascriptStack"]) ? report["javascriptStack"] : {};
    const frames: readonly unknown[] = Array.isArray(stack["stack"]) ? stack["stack"] : [];
    return {
      ...(typeof header["event"] === "string" ? { reason: header["event"].slice(0, 200) } : {}),
      stack: [stack["message"], ...frames]
        .filter((line) => typeof line === "string")
        .join("\n")
        .slice(0, 4096),
    };
  }
  // Node writes where it was thrown, an empty line, and the error with its stack.
  const error = /^(?:Uncaught )?(?:\w*Error|Fault)\b.*$/m.exec(text);
  if (error === null) return {};
  return { reason: error[0].slice(0, 200), stack: text.slice(error.index, error.index + 4096) };
}

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
