import { expect, test } from "vitest";
import * as z from "zod";
import { brokenChoices, choiceWords, withoutChoices } from "./needed-choices.ts";

const text = { type: "string" };
const line = {
  type: "object",
  properties: { usb: text, path: text },
  additionalProperties: false,
  oneOf: [{ required: ["usb"] }, { required: ["path"] }],
};
const schema = { type: "object", properties: { line }, additionalProperties: line };

test.each([
  [{ line: { usb: "A1" }, other: { path: "/dev/x" } }, []],
  [{ line: {} }, [["line"]]],
  [{ line: { usb: "A1", path: "/dev/x" }, other: {} }, [["line"], ["other"]]],
  [{ line: "A1" }, []],
  [undefined, []],
])("of %j is missed what is missing", (data, paths) => {
  expect(brokenChoices(schema, data).map(({ path }) => path)).toEqual(paths);
});

test("of several kinds of maps the one that is meant says what is needed", () => {
  const kinds = {
    oneOf: ["csv", "json"].map((format) => ({
      ...line,
      properties: { ...line.properties, format: { const: format } },
      ...(format === "json" ? { oneOf: [{ required: ["path"] }] } : {}),
    })),
  };

  expect(brokenChoices(kinds, { format: "csv" })).toEqual([{ path: [], names: ["usb", "path"] }]);
  expect(brokenChoices(kinds, { format: "json", usb: "A1" })).toEqual([{ path: [], names: ["path"] }]);
  expect(brokenChoices(kinds, { format: "other" })).toEqual([]);
});

test("without them zod reads the rest, other alternatives among it", () => {
  const either = { oneOf: [{ type: "number" }, text] };
  const read = z.fromJSONSchema({
    ...withoutChoices({ ...schema, properties: { line, either } }),
  });

  expect(read.safeParse({ line: { usb: "A1" }, either: "a" }).success).toBe(true);
  expect(read.safeParse({ line: { usb: 1 } }).success).toBe(false);
  expect(read.safeParse({ either: true }).success).toBe(false);
});

test("what is needed is said in one sentence", () => {
  expect(choiceWords(["usb", "path"])).toBe("usb or path is needed, and not both");
  expect(choiceWords(["a", "b", "c"])).toBe("a or b or c is needed, and only one of them");
});
