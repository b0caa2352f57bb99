import { encodeFrame, FrameReader } from "@interactor/firmware-bridges/framing/frame.ts";
import { millis } from "@interactor/shared/sdk/define-module";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { decodeCbor, encodeCbor } from "@interactor/shared/wire/cbor";
import { expect, test } from "vitest";
import { Board } from "@interactor/agent/modules/bridge/board.ts";
import { settings } from "@interactor/agent/modules/bridge/settings.ts";

type Words = readonly unknown[];

const twoOutputs = { relay: { type: "bool", pin: "D4" }, lamp: { type: "bool", pin: "D13" } };

/** A bridge at the other end of a line, which answers each request with what `answer` makes of it. */
function boardThat(answer: (request: Words) => Words, inputs: object = twoOutputs) {
  const asked: Words[] = [];
  let words = 0;
  const reader = new FrameReader({
    frame(content) {
      const request = decodeCbor(content);
      if (!request.ok || !Array.isArray(request.value)) return;
      asked.push(request.value);
      const frame = encodeFrame(encodeCbor(answer(request.value)));
      if (frame.ok) board.received(frame.value);
    },
    fault: () => undefined,
  });
  const tty = {
    path: "/dev/line",
    backlog: 0,
    write: (bytes: Uint8Array): void => queueMicrotask(() => reader.push(bytes)),
    sendAt: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  const given = settings.parse({
    path: "/dev/line",
    inputs,
  });
  const reports = {
    signal: new AbortController().signal,
    failed: () => undefined,
    worse: () => undefined,
    well: () => undefined,
  };
  const events = { sampled: () => undefined, spoke: () => void (words += 1) };
  const board: Board = new Board(tty, { settings: given, clock: new VirtualClock() }, reports, events);
  return { board, asked, words: () => words };
}

/** Of a release that knows one pin. */
function oldBridge([type, number]: Words): Words {
  if (type === 1) return [129, number, 1, "bridge", [0, 9, 0], 1, 100, "uno", 1];
  if (type === 2) return [130, number, 0, 5, "D13", 1];
  return [132, number];
}

test("a bridge says which release it is although it is too old for its settings", async () => {
  const { board, asked } = boardThat(oldBridge);

  const greeted = await board.hello(millis(0));

  expect(greeted).toMatchObject({ firmware: "bridge", release: "0.9.0" });
  expect(asked.map(([type]) => type)).toEqual([1]);
  await expect(board.setUp(greeted, new Map())).rejects.toThrow("it has no pin D4");
});

test("the pins that it has are made safe before it is replaced", async () => {
  const { board, asked } = boardThat(oldBridge);

  await board.rest(
    await board.hello(millis(0)),
    new Map([
      ["relay", 0],
      ["lamp", 1],
    ]),
  );

  expect(asked.slice(2).map(([type, , ...rest]) => [type, ...rest])).toEqual([[4, 0, 1]]);
});

test("one of another protocol is of another release, and is asked for nothing more", async () => {
  const { board, asked, words } = boardThat(([, number]) => [255, number, 3]);

  const greeted = await board.hello(millis(0));
  await board.rest(greeted, new Map());

  expect(greeted).toMatchObject({ firmware: "bridge", release: "of another protocol" });
  expect(asked).toHaveLength(1);
  expect(words()).toBe(1);
  await expect(board.setUp(greeted, new Map())).rejects.toThrow("another version of the bridge's protocol");
});

test.each([
  ["1.0.3", [1, 0, 3], true, "its firmware 1.0.3 cannot keep D13 high after a reset"],
  ["1.0.3", [1, 0, 3], false, undefined],
  ["1.1.0", [1, 1, 0], true, undefined],
  ["2.0.0", [2, 0, 0], true, undefined],
])("release %s (%j) with activeLow %s is used, and lacks: %s", async (_text, release, activeLow, lack) => {
  const { board, asked } = boardThat(
    ([type, number]) => {
      if (type === 1) return [129, number, 1, "bridge", release, 1, 100, "uno", 1];
      if (type === 2) return [130, number, 0, 5, "D13", 1];
      // Before 1.1 nobody knew this request.
      return type === 9 && release[0] === 1 && release[1] === 0 ? [255, number, 5] : [132, number];
    },
    { lamp: { type: "bool", pin: "D13", activeLow } },
  );

  const inUse = await board.setUp(await board.hello(millis(0)), new Map([["lamp", activeLow ? 1 : 0]]));

  expect(inUse.board).toBe("uno");
  expect(inUse.lack).toEqual(lack === undefined ? undefined : expect.stringContaining(lack));
  const told = asked.filter(([type]) => [4, 7, 9].includes(Number(type)));
  const high = activeLow ? 1 : 0;
  expect(told.map(([type, , ...rest]) => [type, ...rest])).toEqual([
    [7, 0, high],
    [4, 0, high],
    ...(release[0] === 1 && release[1] === 0 ? [] : [[9, 0, high]]),
  ]);
  await board.close();
});
