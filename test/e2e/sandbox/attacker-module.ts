// A module that does harm once it runs: to itself, so far as it is up to the agent.

import { writeSync } from "node:fs";
import { type ModuleContext, defineModule } from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";
import type { AttackName } from "./attacks.ts";

/** The pipe to the agent, past our side of it. */
const pipe = 3;

/** Writes as much as goes, for ever. */
function pour(bytes: Uint8Array): void {
  try {
    for (;;) writeSync(pipe, bytes);
  } catch {
    setTimeout(pour, 1, bytes);
  }
}

/** A frame by its length alone. */
function frame(length: number, ...body: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 + body.length);
  new DataView(bytes.buffer).setUint32(0, length);
  bytes.set(body, 4);
  return bytes;
}

const text = (words: string): readonly number[] => [0x60 + words.length, ...new TextEncoder().encode(words)];
/** `["pong"]`, as an honest guest says it. */
const pong = [0x81, ...text("pong")];
const profiled = [0x82, ...text("profiled"), ...text("{}")];
/** `["declared", "lamp", { inputs: {}, outputs: {} }, { module: "a", version: "1" }]` */
const ofOther = [
  0x84,
  ...text("declared"),
  ...text("lamp"),
  0xa2,
  ...text("inputs"),
  0xa0,
  ...text("outputs"),
  0xa0,
  0xa2,
  ...text("module"),
  ...text("a"),
  ...text("version"),
  ...text("1"),
];

const forever = (work: () => void): void => {
  work();
  setImmediate(forever, work);
};

function burn(): never {
  for (;;);
}

const kept: unknown[] = [];

const attacks: Readonly<Record<AttackName, (context: ModuleContext) => void>> = {
  "infinite loop": burn,
  "loop of promises": () => {
    const again = (): Promise<void> => Promise.resolve().then(again);
    void again();
  },
  "heap bomb": () => forever(() => kept.push(Array.from({ length: 100_000 }, (_, index) => ({ index })))),
  "buffer bomb": () => forever(() => kept.push(Buffer.alloc(8 * 1024 * 1024, 1))),
  "one large buffer": () => kept.push(Buffer.alloc(2_000_000_000, 1)),
  "fork bomb": () =>
    void import("node:child_process").then(({ spawn }) => forever(() => spawn("/node", ["--version"]))),
  "thread bomb": () =>
    void import("node:worker_threads").then(({ Worker }) => forever(() => new Worker("0", { eval: true }))),
  "pipe flood": () => pour(new Uint8Array(64 * 1024).fill(0x78)),
  "flood of small frames": () => pour(new Uint8Array(64 * 1024)),
  "flood of honest frames": () => {
    const one = frame(pong.length, ...pong);
    const many = new Uint8Array(one.length * 6000);
    for (let at = 0; at < many.length; at += one.length) many.set(one, at);
    pour(many);
  },
  "oversize frame": () => void writeSync(pipe, frame(10_000_000)),
  "unterminated frame": () => void writeSync(pipe, frame(60_000, 1, 2, 3)),
  "deep frame": () => void writeSync(pipe, frame(60_000, ...Array.from({ length: 60_000 }, () => 0x81))),
  "speaks for another": () => void writeSync(pipe, frame(ofOther.length, ...ofOther)),
  "a profile nobody asked for": () => void writeSync(pipe, frame(profiled.length, ...profiled)),
  "flood of outputs": (context) => forever(() => context.emit("noise", kept.length)),
  "flood of its log": (context) => forever(() => context.log.info("x".repeat(10_000))),
  "flood of stderr": () => forever(() => process.stderr.write("x".repeat(100_000))),
  "does not read": () => {
    const one = frame(pong.length, ...pong);
    // It says that it is well, and never looks at what it is sent.
    for (;;) {
      try {
        writeSync(pipe, one);
      } catch {
        // Full, for now.
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  },
  "uncaught error": () => {
    throw new Error("on purpose");
  },
  "unhandled rejection": () => void Promise.reject(new Error("on purpose")),
  exits: () => process.exit(0),
  aborts: () => process.abort(),
};

export const definition = defineModule({
  manifest: {
    apiVersion: 1,
    id: "attacker",
    version: "1.0.0",
    title: "Does harm",
    worker: "own",
    inputs: { level: { type: "float" } },
    outputs: { noise: { type: "int", deliver: "every" } },
  },
  settings: z.object({ attack: z.string() }),
  start({ attack }, context) {
    const found = Object.entries(attacks).find(([name]) => name === attack)?.[1];
    if (found === undefined) throw new Error(`no attack ${attack}`);
    setTimeout(found, 200, context);
    return { stop: () => Promise.resolve() };
  },
});
