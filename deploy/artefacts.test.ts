import { build } from "esbuild";
import { join } from "node:path";
import { expect, test } from "vitest";

import { artefacts } from "./artefacts.ts";
import { root } from "./layout.ts";

test("the browser's cbor-x encodes and decodes, and compiles no code, which the dashboard's policy forbids", async () => {
  const text = await bundleForBrowser(`
    import { Encoder } from "cbor-x";
    const encoder = new Encoder({ useRecords: false });
    export const copy = encoder.decode(encoder.encode({ level: 0.5 }));`);

  const bundled: unknown = await import(`data:text/javascript,${encodeURIComponent(text)}`);

  expect(bundled).toMatchObject({ copy: { level: 0.5 } });
  expect(/\bFunction\(|\beval\(/.test(text)).toBe(false);
});

/** `source` as the dashboard is built. */
async function bundleForBrowser(source: string): Promise<string> {
  const dashboard = artefacts.find(({ name }) => name === "dashboard");
  const { outputFiles } = await build({
    ...dashboard?.options,
    bundle: true,
    format: "esm",
    stdin: { contents: source, resolveDir: join(root, "hub") },
    write: false,
  });
  return outputFiles.map(({ text }) => text).join("\n");
}
