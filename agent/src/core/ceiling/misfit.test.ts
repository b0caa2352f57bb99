import { expect, test } from "vitest";
import { misfit } from "./misfit.ts";

test("a module for another version of the agent is refused with both versions, and what to do", () => {
  expect(misfit("lamp", "^0.2.0", "0.1.0")).toBe(
    "lamp is for Interactor ^0.2.0, and the agent of this node is 0.1.0: renew the agent, or run a version of lamp that is for it",
  );
});

test.each([[undefined], ["^0.1.0"], ["*"], [">=0.1 <1"], ["no range"]])("one for %s is taken", (engines) => {
  expect(misfit("lamp", engines, "0.1.0")).toBeUndefined();
});
