import { build } from "esbuild";
import { expect, test } from "vitest";
import { artefacts } from "./artefacts.ts";
import { root } from "./layout.ts";
import { leftOut } from "./left-out.ts";

test("everything left out is something the agent would bring along", async () => {
  const agent = artefacts.find(({ name }) => name === "agent");

  const { metafile } = await build({
    ...agent?.options,
    absWorkingDir: root,
    bundle: true,
    entryPoints: [agent?.entry ?? ""],
    format: "esm",
    metafile: true,
    outdir: "unused",
    write: false,
  });

  // A package that has moved its files would come back in unseen.
  const namespaces = new Set(Object.keys(metafile.inputs).map((input) => input.split(":")[0]));
  expect(leftOut.map((_, index) => `unreached-${index}`).filter((name) => !namespaces.has(name))).toEqual([]);
  expect(leftOut.length).toBeGreaterThan(0);
});
