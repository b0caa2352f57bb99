import { expect, test } from "vitest";
import { partOf } from "./module-reference.ts";

const reference =
  "# SDK\n\n## `a`\n\n### `Clock`\n\nTime.\n\n### `Closed`\n\nNo.\n\n## `b`\n\n### `Clock`\n\nAgain.\n";

test("of one thing all is told that is said of it, and nothing else", () => {
  expect(partOf(reference, "Closed")).toBe("### `Closed`\n\nNo.");
  expect(partOf(reference, "Clock")).toBe("### `Clock`\n\nTime.\n\n### `Clock`\n\nAgain.");
});

test("what the SDK does not have is told, with what was meant", () => {
  expect(() => partOf(reference, "Clok")).toThrow('the SDK has no "Clok" (did you mean Clock?)');
});
