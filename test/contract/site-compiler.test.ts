// The thread that compiles sites, as the hub has it: what it says, and what becomes of it when a site is too much for it.

import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { largeSite } from "@interactor/shared/testing/large-site";
import { routeOf } from "@interactor/shared/testing/builders";
import { compilerHere } from "../../hub/src/adapters/site-compiler/compiling.ts";
import { openSiteCompiler } from "../../hub/src/adapters/site-compiler/site-compiler.ts";

const file = join(import.meta.dirname, "../../hub/src/main.ts");
const compiler = openSiteCompiler({ file, site: "bench" });
const here = compilerHere("bench");
afterAll(async () => compiler[Symbol.asyncDispose]());

const small = largeSite({ nodes: 3, routes: 5 });
const filesOf = (text: string) => ({ root: "site.yaml", files: { "site.yaml": text } });

test("it says the same as one that compiles where it is called", async () => {
  const [there, also] = [await compiler.compile(filesOf(small)), await here.compile(filesOf(small))];
  expect.assert(there.ok && also.ok);

  expect(there.value.digest).toBe(also.value.digest);
  expect([...there.value.nodes]).toEqual([...also.value.nodes]);
  expect(await compiler.open(there.value.content)).toMatchObject({ value: { from: "site" } });
  expect(await compiler.textsOf(there.value.content)).toMatchObject({ value: filesOf(small) });
  const shorter = await compiler.compile(filesOf(largeSite({ nodes: 3, routes: 4 })));
  expect.assert(shorter.ok);
  expect(await compiler.compare(there.value.content, shorter.value.content)).toMatchObject({
    value: { changes: [{ kind: "removed", what: "route" }] },
  });
});

test("routes alone are a site of the nodes that they name", async () => {
  const routes = [
    routeOf({ name: "here", from: "a/x/y", to: "a/z/w" }),
    routeOf({ name: "across", from: "a/x/y", to: "b/z/w" }),
  ];

  const made = await compiler.routesAlone(routes);

  expect.assert(made.ok);
  expect([...made.value.nodes.keys()]).toEqual(["a", "b"]);
  expect(Object.keys(made.value.hub.routes)).toEqual(["across"]);
  expect(made.value.routes.map(({ name }) => name)).toEqual(["across", "here"]);
});

test("what is wrong is told with the line it stands in", async () => {
  const made = await compiler.compile(filesOf(small.replace("module: simulated", "module: simulatd")));

  expect(made).toMatchObject({
    ok: false,
    error: { problems: [{ file: "site.yaml", hint: "did you mean simulated?", source: expect.any(String) }] },
  });
});

test("questions that come at once have each its own answer", async () => {
  const texts = [1, 2, 3, 4].map((routes) => largeSite({ nodes: 3, routes }));

  const made = await Promise.all(texts.map((text) => compiler.compile(filesOf(text))));

  expect(made.map((each) => each.ok && each.value.routes.length)).toEqual([1, 2, 3, 4]);
});

test("what is damaged is told, and the thread goes on", async () => {
  expect(await compiler.open(new Uint8Array([1, 2, 3]))).toMatchObject({ ok: false });
  expect(await compiler.compare(undefined, new Uint8Array())).toMatchObject({ ok: false });
  expect(await compiler.compile(filesOf(small))).toMatchObject({ ok: true });
});

test("a thread that ends in the middle is a refusal, and the next question has another one", async () => {
  await using other = openSiteCompiler({ file, site: "bench" });
  const asked = other.compile(filesOf(largeSite({ nodes: 200, routes: 5000 })));
  await other[Symbol.asyncDispose]();

  expect(await asked).toMatchObject({
    ok: false,
    error: { problems: [{ file: "site.yaml", message: expect.stringContaining("cannot be compiled") }] },
  });
  expect(await other.compile(filesOf(small))).toMatchObject({ ok: true });
});
