import { expect, test } from "vitest";
import { instant, later, micros, millis, seconds } from "@interactor/shared/kernel/units";
import {
  decodeLogWord,
  logDetailsLength,
  logLinesMax,
  type LogWord,
  logWordBytesMax,
  logWordsLength,
} from "@interactor/shared/wire/messages/log";
import { ListenedLog, type Logged, logInterval, waitingLinesMax } from "./listened-log.ts";

const start = instant(1000);
const stamp = micros(1.8e15);
const listened = (instances: readonly string[] = [], without = (text: string) => text): ListenedLog => {
  const log = new ListenedLog(without);
  log.listen({ instances: [...instances], span: seconds(15) }, start);
  return log;
};
const say = (log: ListenedLog, words: string, given: Partial<Logged> = {}, at = start): void =>
  log.take({ instance: "blink", level: "info", words, ...given }, { instant: at, at: stamp });
const wordAt = (log: ListenedLog, at = start): LogWord | undefined => {
  const next = log.next(at);
  if (next === undefined || "due" in next) return undefined;
  expect(next.bytes.length).toBeLessThanOrEqual(logWordBytesMax);
  const decoded = decodeLogWord(next.bytes);
  expect.assert(decoded.ok);
  return decoded.value;
};
const wordsOf = (word: LogWord | undefined): readonly string[] | undefined =>
  word?.lines.map(({ words }) => words);

test("nothing is held of what nobody reads", () => {
  const log = new ListenedLog((text) => text);
  say(log, "before");
  log.listen({ instances: [], span: 1000 }, start);
  say(log, "meanwhile");

  expect(wordsOf(wordAt(log))).toEqual(["meanwhile"]);
  log.confirmed();
  const past = later(start, seconds(1));
  say(log, "after", {}, past);
  expect(log.next(past)).toBeUndefined();
});

test("whoever asks hears at once that it is heard", () => {
  const log = listened();

  expect(wordAt(log)).toEqual({ v: 1, kind: "lines", lines: [], leftOut: 0 });
  log.confirmed();
  expect(log.next(later(start, seconds(1)))).toBeUndefined();
});

test("only of those that were named, and until it is said that it is enough", () => {
  const log = listened(["blink"]);
  say(log, "one");
  say(log, "another's", { instance: "lamp" });
  expect(wordsOf(wordAt(log))).toEqual(["one"]);
  log.confirmed();
  say(log, "two");

  log.listen({ instances: [], span: 0 }, start);
  say(log, "three");

  expect(log.next(later(start, seconds(1)))).toBeUndefined();
});

test("one word is on its way at a time, and the next comes a while later", () => {
  const log = listened();
  say(log, "one");
  wordAt(log);
  say(log, "two");
  const soon = later(start, logInterval);

  expect(log.next(soon)).toBeUndefined();
  log.confirmed();
  expect(log.next(later(start, millis(logInterval - 1)))).toEqual({ due: soon });
  expect(wordsOf(wordAt(log, soon))).toEqual(["two"]);
});

test("what may have been lost with its connection goes again, and so does how many were left out", () => {
  const log = listened();
  for (let line = 0; line <= waitingLinesMax; line++) say(log, `${line}`);
  const lost = wordAt(log);

  log.disconnected();

  expect(lost).toMatchObject({ leftOut: 1 });
  expect(wordAt(log, later(start, logInterval))).toEqual(lost);
});

test("of too many the oldest are left out and counted, but not those on their way", () => {
  const log = listened();
  say(log, "first");
  wordAt(log);
  for (let line = 0; line < waitingLinesMax + 9; line++) say(log, `${line}`);
  log.confirmed();

  const word = wordAt(log, later(start, logInterval));

  expect(word?.leftOut).toBe(10);
  expect(wordsOf(word)?.[0]).toBe("10");
  expect(word?.lines).toHaveLength(logLinesMax);
});

test("the longest lines go a few at a time, in whatever letters", () => {
  const log = listened();
  for (let line = 0; line < 20; line++) say(log, "€".repeat(5000), { details: { long: "€".repeat(5000) } });

  const word = wordAt(log);

  expect(word?.lines.length).toBeGreaterThan(0);
  expect(word?.lines.length).toBeLessThan(20);
  for (const { words, details } of word?.lines ?? []) {
    expect(words).toHaveLength(logWordsLength);
    expect(details).toHaveLength(logDetailsLength);
  }
});

test("secrets are taken out before anything is cut", () => {
  const log = listened([], (text) => text.replaceAll("hunter2", "(secret)"));
  say(log, "with hunter2", { details: { password: "hunter2" } });

  expect(wordAt(log)?.lines).toEqual([
    expect.objectContaining({ words: "with (secret)", details: '{"password":"(secret)"}' }),
  ]);
});

test("what JSON does not have is told all the same", () => {
  const log = listened();
  const circle: Record<string, unknown> = {};
  circle["again"] = circle;
  say(log, "one", { details: { large: 2n ** 64n, bytes: new Uint8Array(3) } });
  say(log, "two", { details: circle });

  expect(wordAt(log)?.lines.map(({ details }) => details)).toEqual([
    '{"large":"18446744073709551616","bytes":"3 bytes"}',
    "(cannot be shown)",
  ]);
});
