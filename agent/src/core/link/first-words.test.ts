import { expect, test } from "vitest";
import { FirstWords } from "./first-words.ts";

/** Of a node without a plan. */
function waitFor(...instances: readonly string[]) {
  const { words, ends } = waitForPlanAnd(...instances);
  words.planned([]);
  return { words, ends };
}

function waitForPlanAnd(...instances: readonly string[]) {
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
});

test("where there is no instance, nobody is waited for", () => {
  expect(waitFor().ends).toEqual(["end"]);
});

test("instances of the plan that the node begins with are waited for too, and later ones are not", () => {
  const { words, ends } = waitForPlanAnd("light");
  words.heard("light");
  expect(ends).toEqual([]);

  words.planned(["sensor"]);
  words.planned(["late"]);
  expect(ends).toEqual([]);
  words.heard("sensor");

  expect(ends).toEqual(["end"]);
});
