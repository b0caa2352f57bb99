import { expect, test } from "vitest";
import { FirstWords } from "./first-words.ts";

function waitFor(...instances: readonly string[]) {
  const ends: string[] = [];
  const words = new FirstWords(
    instances.map((name) => ({ name })),
    () => ends.push("end"),
  );
  return { words, ends };
}

test("the hub is spoken to when the last instance was heard, once", () => {
  const { words, ends } = waitFor("light", "sensor");

  words.heard("light");
  words.heard("light");
  words.heard("stranger");
  expect(ends).toEqual([]);
  words.heard("sensor");
  words.heard("sensor");
  words.end();

  expect(ends).toEqual(["end"]);
});

test("or when nobody is waited for any longer, once", () => {
  const { words, ends } = waitFor("light", "sensor");

  words.heard("light");
  words.end();
  words.heard("sensor");
  words.end();

  expect(ends).toEqual(["end"]);
  expect(words.isOver).toBe(true);
});

test("where there is no instance, nobody is waited for", () => {
  expect(waitFor().words.isOver).toBe(true);
});
