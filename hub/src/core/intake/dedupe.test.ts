import { expect, test } from "vitest";
import { lane } from "@interactor/shared/wire/lanes";
import { nodesMax } from "@interactor/shared/wire/limits";
import { sessionNumber } from "@interactor/shared/testing/builders";
import { Dedupe } from "./dedupe.ts";

const batch = { session: sessionNumber(1), lane: lane.telemetry, firstSeq: 0, length: 5 };

test("what a node that was forgotten sends again is known, until as many more are forgotten as a site may have", () => {
  const forgot: string[] = [];
  const dedupe = new Dedupe([], (node) => void forgot.push(node));
  const repeated = (node: string) => dedupe.accept(node, batch, undefined).repeated;
  for (const node of ["early", "back"]) {
    repeated(node);
    dedupe.forget(node);
  }

  expect(repeated("early")).toBe(5);
  dedupe.remember("back");
  for (let index = 0; index < nodesMax; index++) {
    repeated(`n${index}`);
    dedupe.forget(`n${index}`);
  }

  expect([repeated("early"), repeated("back"), repeated("n0")]).toEqual([0, 5, 5]);
  expect(forgot).toEqual(["early"]);
});
