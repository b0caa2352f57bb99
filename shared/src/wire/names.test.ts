import { expect, test } from "vitest";
import fc from "fast-check";
import { nameLengthMax } from "./limits.ts";
import { isName, nameFrom, parsePortAddress, parseSiteAddress, portAddress, siteAddress } from "./names.ts";

const name = fc.stringMatching(/^[a-z0-9]([a-z0-9_-]{0,20}[a-z0-9])?$/);
/** Of every kind that has surprised a parser. */
const character = fc.constantFrom(...Array.from("aZ09-_./+#$\n\0 äß漢😀\u0301"), "\ud800");

test.each(["a", "0", "pi-4", "front_left", "a".repeat(nameLengthMax), "constructor"])(
  "%s is a name",
  (text) => {
    expect(isName(text)).toBe(true);
  },
);

test.each([
  "",
  "-a",
  "a-",
  "_a",
  "A",
  "ä",
  "a b",
  "a/b",
  "a.b",
  "+",
  "#",
  "$sys",
  "__proto__",
  "a\n",
  "a".repeat(nameLengthMax + 1),
])("%j is not a name", (text) => {
  expect(isName(text)).toBe(false);
});

test("whatever a machine is called, a name comes of it", () => {
  fc.assert(fc.property(fc.string({ unit: character, maxLength: 200 }), (host) => isName(nameFrom(host))));
});

test("a name stays as it is", () => {
  fc.assert(fc.property(name, (each) => nameFrom(each) === each));
});

test("addresses are read as they are written", () => {
  fc.assert(
    fc.property(name, name, name, (node, instance, port) => {
      expect(parsePortAddress(portAddress({ instance, port }))).toEqual({
        ok: true,
        value: { instance, port },
      });
      expect(parseSiteAddress(siteAddress({ node, instance, port }))).toEqual({
        ok: true,
        value: { node, instance, port },
      });
    }),
  );
});

test.each(["", "/", "a", "a/", "/b", "a/b/c", "A/b", "a/b/", " a/b", "a//b"])(
  "%j is no address of a port",
  (text) => {
    expect(parsePortAddress(text)).toEqual({ ok: false, error: "wrong-shape" });
  },
);

test.each(["", "a/b", "a/b/c/d", "/b/c", "a//c", "a/b/", "+/b/c"])("%j is no address in a site", (text) => {
  expect(parseSiteAddress(text)).toEqual({ ok: false, error: "wrong-shape" });
});
