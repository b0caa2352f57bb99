// The framing that the firmware is built with, run on this machine, against the same vectors as the host's.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect } from "vitest";
import { seededRandom } from "@interactor/shared/kernel/random";
import { buildFramingCheck } from "@interactor/firmware-bridges/bench/build.ts";
import { contentBytesMax, encodeFrame, FrameReader } from "@interactor/firmware-bridges/framing/frame.ts";
import vectors from "@interactor/firmware-bridges/framing/vectors.json" with { type: "json" };
import { requires } from "../requires.ts";

const test = requires("gcc");

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "interactor-framing-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("the firmware's framing makes and reads the vectors", async () => {
  const answers = await check([
    ...vectors.frames.map(({ content }) => `encode ${content}`),
    ...vectors.frames.map(({ frame }) => `decode ${frame}`),
    ...vectors.streams.map(({ bytes }) => `decode ${bytes}`),
  ]);

  expect(answers).toEqual([
    ...vectors.frames.map(({ frame }) => frame),
    ...vectors.frames.map(({ content }) => `=${content}`),
    ...vectors.streams.map(({ outcomes }) => outcomes.join(" ")),
  ]);
});

test("on anything else, host and firmware are of one mind", async () => {
  const random = seededRandom(7);
  const below = (most: number): number => Math.floor(random.next() * most);
  const contents = Array.from({ length: 500 }, () =>
    Uint8Array.from({ length: 1 + below(contentBytesMax) }, () => (below(4) === 0 ? 0 : below(256))),
  );
  const frames = contents.map((content) => {
    const frame = encodeFrame(content);
    return frame.ok ? frame.value : new Uint8Array();
  });
  // Bytes are changed, left out and put in, and frames run together.
  const streams = frames.map((frame, index) => {
    const stream = [...frame, ...(frames[index + 1] ?? [])];
    for (let change = below(4); change > 0; change--)
      stream.splice(below(stream.length), below(2), below(256));
    return Buffer.from([...stream, 0]);
  });

  const answers = await check([
    ...contents.map((content) => `encode ${Buffer.from(content).toString("hex")}`),
    ...streams.map((stream) => `decode ${stream.toString("hex")}`),
  ]);

  expect(answers).toEqual([
    ...frames.map((frame) => Buffer.from(frame).toString("hex")),
    ...streams.map((stream) => outcomesOf(stream).join(" ")),
  ]);
  expect(answers.filter((answer) => answer.includes("crc")).length).toBeGreaterThan(20);
});

function outcomesOf(stream: Uint8Array): readonly string[] {
  const outcomes: string[] = [];
  const reader = new FrameReader({
    frame: (content) => void outcomes.push(`=${Buffer.from(content).toString("hex")}`),
    fault: (reason) => void outcomes.push(reason),
  });
  reader.push(stream);
  return outcomes;
}

/** What the firmware's framing answers to each line. */
async function check(lines: readonly string[]): Promise<readonly string[]> {
  const process = spawn(await buildFramingCheck(folder), { stdio: ["pipe", "pipe", "inherit"] });
  const answers: string[] = [];
  createInterface({ input: process.stdout }).on("line", (line) => answers.push(line.trim()));
  const closed = once(process, "close");
  process.stdin.end(`${lines.join("\n")}\n`);
  await closed;
  return answers;
}
