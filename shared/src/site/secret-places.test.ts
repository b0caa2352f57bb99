import { expect, test } from "vitest";
import { withSecrets } from "./secret-places.ts";

const kept = new Map([
  ["TTY", "ttyUSB0"],
  ["/run/token", "s3cret"],
]);

const values: Parameters<typeof withSecrets>[1] = async (source) => {
  const name = source === undefined ? "nothing" : Object.values(source).join();
  const value = kept.get(name);
  if (value === undefined) throw new Error(`no ${name}`);
  return value;
};

test("each secret stands in its place, between what is written around it", async () => {
  const settings = {
    path: { $secret: ["/dev/", { env: "TTY" }, ""] },
    urls: ["plain", { $secret: ["https://", { file: "/run/token" }, ":", { env: "TTY" }, "@host"] }],
    deep: { rate: 20, on: true, none: null },
  };

  expect(await withSecrets(settings, values)).toEqual({
    path: "/dev/ttyUSB0",
    urls: ["plain", "https://s3cret:ttyUSB0@host"],
    deep: { rate: 20, on: true, none: null },
  });
});

test.each([
  [{ $secret: ["", { credential: "key" }, ""] }, "no key"],
  [{ $secret: ["", { vault: "key" }, ""] }, "no nothing"],
  [{ $secret: ["", undefined, ""] }, "no nothing"],
])("a secret that has no place, or none that is known, is no text: %j", async (setting, words) => {
  await expect(withSecrets({ setting }, values)).rejects.toThrow(words);
});
