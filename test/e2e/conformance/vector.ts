// The language of test/vectors/mqtt. A vector begins with `== ` and its name; then come the statements of MQTT 3.1.1
// it is about, and then, a line each, what is sent and what must be seen:
//
//   a connect                   opens a connection, sends CONNECT for the client `%a` with a clean session, and must
//                               see CONNACK 0. `a connect kept, new` and `a connect kept, present`: without a clean
//                               session, and whether the server must have one already. `b connect as a …`: under the
//                               client id of another. `keepalive 2`: seconds; without it there is none.
//   a > 82 { 0001 "%/x" 00 }    sends bytes in one write; `>/` in two, and the vector is played for every place to
//                               part them; `>.` a byte at a time
//   a < 90 { 0001 00 }          the next packet must be these bytes; `|` parts what may stand in their place, `&`
//                               packets that may come in any order
//   a <+ d000 without 3001      others may come before the packet, but not those behind `without`, which may be left out
//   a closed                    the server must end the connection, and have sent nothing else; `a closed 1.4..2.2`:
//                               that many seconds after the last bytes that `a` sent
//   a ping                      PINGREQ, and the next packet must be PINGRESP: nothing else was on its way
//   a silent 0.3                nothing comes for so long, and the connection stays
//   a cut                       the connection breaks, without DISCONNECT
//   a disconnect                DISCONNECT, and the server must end the connection
//   distinct p q                packet ids that were learnt must differ
//   wait 0.3                    seconds
//   restart kill                the server is killed and started again; `restart end`: it is told to end in order. Every
//                               connection breaks.
//
// `alone`: the vector must not be played beside others, as one with a restart is not. `mosquitto: …`: what Debian's mosquitto 2.0.11 does otherwise,
// although the standard says this; such a vector must fail there, so that the list stays true. `mosquitto at times: …`: it is
// not asked. `each 41; 42` makes a
// vector of each of these, which stand where it says `@`; with parts between ` ~ `, the second stands at `@2`.

export interface Vector {
  readonly name: string;
  /** `MQTT-3.1.2-24` and so on. */
  readonly statements: readonly string[];
  readonly isAlone: boolean;
  /** What mosquitto does otherwise, always or at times. */
  readonly mosquitto: { readonly words: string; readonly isAlways: boolean } | undefined;
  readonly steps: readonly Step[];
}

/** A packet: ways to write it, one of which must be seen. */
export type Expected = readonly string[];

export type Step = { readonly line: string } & (
  | {
      readonly kind: "connect";
      readonly who: string;
      readonly as: string;
      readonly session: "clean" | "new" | "present";
      readonly keepalive: number;
    }
  | {
      readonly kind: "send";
      readonly who: string;
      readonly bytes: string;
      readonly pieces: "one" | "two" | "each";
    }
  | { readonly kind: "expect"; readonly who: string; readonly packets: readonly Expected[] }
  | {
      readonly kind: "meet";
      readonly who: string;
      readonly packet: string;
      readonly without: readonly string[];
    }
  | { readonly kind: "distinct"; readonly letters: readonly string[] }
  | {
      readonly kind: "closed";
      readonly who: string;
      readonly seconds?: readonly [least: number, most: number];
    }
  | { readonly kind: "silent"; readonly who: string; readonly seconds: number }
  | { readonly kind: "restart"; readonly signal: "SIGKILL" | "SIGTERM" }
  | { readonly kind: "wait"; readonly seconds: number }
  | { readonly kind: "ping" | "cut" | "disconnect"; readonly who: string }
);

/** Reads a file of vectors; throws at the first line that it does not understand. */
export function parseVectors(text: string): readonly Vector[] {
  const [before = "", ...parts] = text.split(/^== /m);
  if (linesOf(before).length > 0) throw new Error(`lines before the first vector: ${before}`);
  return parts.flatMap(eachOf).map(parseVector);
}

/** The text of a vector, once for each value that stands at its `@`. */
function eachOf(part: string): readonly string[] {
  const each = /^each (.*)$/m.exec(part);
  if (each === null) return [part];
  const [line = "", values = ""] = each;
  return values.split("; ").map((value) => {
    const parts = value.split(" ~ ");
    return part.replace(line, "").replaceAll(/@(\d?)/g, (_at, place: string) => {
      const found = parts[Number(place || "1") - 1];
      if (found === undefined) throw new Error(`there is no @${place} in "${value}"`);
      return found.trim();
    });
  });
}

function parseVector(part: string): Vector {
  const [name = "", ...rest] = part.split("\n");
  const lines = linesOf(rest.join("\n"));
  const statements = lines.flatMap((line) =>
    line.startsWith("[MQTT-") ? [...line.matchAll(/\[(MQTT-[\d.-]+)\]/g)].map(([, each = ""]) => each) : [],
  );
  const [, times, words] = /^mosquitto( at times)?: (.+)$/m.exec(part) ?? [];
  const isMark = (line: string) =>
    line.startsWith("[MQTT-") || /^mosquitto( at times)?: /.test(line) || line === "alone";
  const steps = lines.filter((line) => !isMark(line)).map(parseStep);
  if (statements.length === 0) throw new Error(`"${name}" names no statement of the standard`);
  if (!steps.some(({ kind }) => kind !== "send" && kind !== "wait" && kind !== "cut"))
    throw new Error(`"${name}" expects nothing`);
  return {
    name: name.trim(),
    statements,
    isAlone: lines.includes("alone") || steps.some(({ kind }) => kind === "restart"),
    mosquitto: words === undefined ? undefined : { words, isAlways: times === undefined },
    steps,
  };
}

/** Without comments: `#` is also a wildcard, so a comment begins a line or stands behind two spaces. */
function linesOf(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.replace(/(^|\s{2,})#(\s.*|)$/, "").trim())
    .filter((line) => line !== "");
}

function parseStep(line: string): Step {
  const wait = /^wait (\d+(?:\.\d+)?)$/.exec(line);
  if (wait !== null) return { line, kind: "wait", seconds: Number(wait[1]) };
  if (line === "restart kill") return { line, kind: "restart", signal: "SIGKILL" };
  if (line === "restart end") return { line, kind: "restart", signal: "SIGTERM" };
  const distinct = /^distinct((?: \w){2,})$/.exec(line)?.[1];
  if (distinct !== undefined) return { line, kind: "distinct", letters: distinct.trim().split(" ") };
  const [, who = "", verb = "", rest = ""] = /^([a-z]\d?) (\S+)\s*(.*)$/.exec(line) ?? [];
  switch (verb) {
    case ">":
    case ">/":
    case ">.":
      return { line, kind: "send", who, bytes: rest, pieces: pieces[verb] };
    case "<":
      return { line, kind: "expect", who, packets: rest.split(" & ").map((each) => each.split(" | ")) };
    case "<+": {
      const [packet = "", ...without] = rest.split(" without ");
      return { line, kind: "meet", who, packet, without };
    }
    case "connect":
      return parseConnect(line, who, rest);
    case "closed":
      return parseClosed(line, who, rest);
    case "silent":
      return { line, kind: "silent", who, seconds: secondsOf(rest, line) };
    case "ping":
    case "cut":
    case "disconnect":
      if (rest === "") return { line, kind: verb, who };
      break;
    default:
  }
  throw new Error(`not a step: ${line}`);
}

const pieces = { ">": "one", ">/": "two", ">.": "each" } as const;

function parseConnect(line: string, who: string, rest: string): Step {
  const found = /^(?:as ([a-z]\d?))? ?(?:kept, (new|present))? ?(?:keepalive (\d+))?$/.exec(rest);
  if (found === null) throw new Error(`not a step: ${line}`);
  const [, as = who, kept, keepalive = "0"] = found;
  const session = kept === "new" || kept === "present" ? kept : "clean";
  return { line, kind: "connect", who, as, session, keepalive: Number(keepalive) };
}

function parseClosed(line: string, who: string, rest: string): Step {
  if (rest === "") return { line, kind: "closed", who };
  const [least, most, ...others] = rest.split("..").map((each) => secondsOf(each, line));
  if (least === undefined || most === undefined || others.length > 0) throw new Error(`not a step: ${line}`);
  return { line, kind: "closed", who, seconds: [least, most] };
}

function secondsOf(text: string, line: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new Error(`no seconds: ${line}`);
}
