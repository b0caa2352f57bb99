import { describe, expect, test } from "vitest";

import { exceptions, homeOf, homes, judgeImport } from "./import-rules.ts";
import { importsOf } from "./imports-of.ts";
import { readText, repositoryFiles } from "./repository.ts";

const sources = repositoryFiles().filter((path) => /\.(ts|tsx|mjs)$/.test(path));

describe("the repository", () => {
  const edges = sources.flatMap((from) =>
    importsOf(from, readText(from)).map((found) => ({ from, ...found })),
  );

  test("every source has a home", () => {
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.filter((path) => homeOf(path) === undefined)).toEqual([]);
  });

  test("every import is allowed", () => {
    expect(edges.length).toBeGreaterThan(sources.length);
    const refused = edges.flatMap(({ from, line, specifier }) => {
      const reason = judgeImport(from, specifier);
      return reason === undefined
        ? []
        : [`${from}:${line} imports ${specifier ?? "something computed"}: ${reason}`];
    });

    expect(refused).toEqual([]);
  });

  test("no exception outlives its use", () => {
    const unused = exceptions.filter(({ from, to }) => {
      const file = to.split("/").at(-1) ?? to;
      return !edges.some((edge) => edge.from === from && edge.specifier?.endsWith(file));
    });

    expect(unused).toEqual([]);
  });
});

const planted = [
  ["shared/src/kernel/units.ts", "../wire/topics.ts", "kernel must not import wire"],
  ["shared/src/kernel/units.ts", "zod", "of npm only: nothing"],
  ["shared/src/kernel/units.ts", "node:fs", "without Node"],
  ["shared/src/wire/topics.ts", "../routing/route.ts", "wire must not import routing"],
  ["shared/src/wire/topics.ts", "yaml", "of npm only: cbor-x, zod, zod/mini"],
  ["shared/src/routing/route.ts", "../site/site-file.ts", "routing must not import site"],
  ["shared/src/routing/route.ts", "zod", "of npm only: @marcbachmann/cel-js"],
  ["shared/src/site/site-file.ts", "../sdk/context.ts", "site must not import sdk"],
  ["shared/src/bundle/manifest.ts", "../routing/route.ts", "bundle must not import routing"],
  ["shared/src/supervision/backoff.ts", "../sdk/context.ts", "supervision must not import sdk"],
  ["shared/src/sdk/context.ts", "../testing/virtual-clock.ts", "sdk must not import testing"],
  ["shared/src/testing/virtual-clock.ts", "node:timers", "without Node"],
  ["agent/src/core/outbox/outbox.ts", "../../ports/spool.ts", "agent core must not import agent ports"],
  ["agent/src/core/outbox/outbox.ts", "@interactor/shared/testing/virtual-clock", "must not import testing"],
  ["agent/src/core/outbox/outbox.ts", "node:fs", "without Node"],
  ["agent/src/core/outbox/outbox.ts", "mqtt", "of npm only: nothing"],
  ["agent/src/core/outbox/outbox.ts", undefined, "loads nothing it does not name"],
  ["agent/src/ports/spool.ts", "../adapters/spool-segments.ts", "agent ports must not import agent adapters"],
  ["agent/src/adapters/spool-segments.ts", "../core/outbox/outbox.ts", "adapters must not import agent core"],
  ["agent/src/adapters/spool-segments.ts", "./hub-link-mqtt.ts", "do not know each other"],
  ["hub/src/adapters/broker-aedes/guard.ts", "../store-sqlite/store.ts", "do not know each other"],
  ["agent/src/agent.ts", "./adapters/spool-segments.ts", "agent loop must not import agent adapters"],
  ["agent/src/agent.ts", "node:fs", "without Node"],
  ["agent/src/main.ts", "@interactor/hub/src/hub.ts", "agent main must not import hub loop"],
  ["agent/src/main.ts", "../../hub/src/hub.ts", "by its name, not by a path"],
  ["hub/src/main.ts", "@interactor/agent/src/agent.ts", "hub main must not import agent loop"],
  [
    "hub/src/core/intake/intake.ts",
    "@interactor/agent/src/core/outbox/outbox.ts",
    "must not import agent core",
  ],
  ["agent/modules/dmx/module.ts", "../serial/module.ts", "do not know each other"],
  ["agent/flashing/flash-board.ts", "../modules/bridge/board.ts", "flashing must not import modules"],
  ["agent/serial-line/tty.ts", "../modules/serial/settings.ts", "serial line must not import modules"],
  ["agent/modules/dmx/module.ts", "../../src/agent.ts", "modules must not import agent loop"],
  ["agent/modules/dmx/module.ts", "@interactor/shared/kernel/units", "modules must not import kernel"],
  ["hub/cli/main.ts", "../src/hub.ts", "cli must not import hub loop"],
  ["hub/cli/main.ts", "../../deploy/ensure-built.ts", "by its name, not by a path"],
  ["hub/signing/documents.ts", "../src/hub.ts", "signing must not import hub loop"],
  ["hub/dashboard/main.tsx", "node:fs", "without Node"],
  ["hub/dashboard/main.tsx", "../src/core/feed/feed.ts", "dashboard must not import hub core"],
  ["firmware-bridges/framing/cobs.ts", "@interactor/shared/wire/topics", "must not import wire"],
  ["firmware-bridges/bench/bench.ts", "../bridge/host/codec.ts", "must not import firmware-bridges"],
  ["deploy/build.ts", "fastify", "of npm only: esbuild"],
  ["deploy/build.ts", "@interactor/shared/kernel/units", "deploy must not import kernel"],
  ["vitest.config.ts", "./test/run.ts", "by its name, not by a path"],
  ["test/e2e/demo.test.ts", "@interactor/hub", "by subpath, not whole"],
  ["test/e2e/demo.test.ts", "../../elsewhere/file.ts", "has no home"],
  ["elsewhere/file.ts", "node:fs", "has no home"],
  ["agent/src/stray.ts", "node:fs", "has no home"],
  ["shared/src/wire/topics.test.ts", "../routing/route.ts", "wire must not import routing"],
] as const;

describe("the judge refuses", () => {
  test.each(planted)("%s importing %s", (from, specifier, reason) => {
    expect(judgeImport(from, specifier)).toContain(reason);
  });

  test("something in every home that has limits", () => {
    const tried = new Set(planted.map(([from]) => homeOf(from)));
    const limited = homes.filter((home) => home.mayImport !== "everything");
    // Agent and hub are made by one function: a refusal on one side speaks for both.
    const twins = (name: string): string => name.replace(/^hub /, "agent ");
    const triedNames = new Set([...tried].map((home) => twins(home?.name ?? "")));

    expect(limited.filter((home) => !triedNames.has(twins(home.name))).map(({ name }) => name)).toEqual([]);
  });
});

describe("the judge allows", () => {
  test.each([
    ["shared/src/wire/topics.ts", "../kernel/result.ts"],
    ["shared/src/wire/topics.test.ts", "fast-check"],
    ["shared/src/wire/topics.test.ts", "../testing/virtual-clock.ts"],
    ["agent/src/core/outbox/outbox.ts", "../switchboard/routes.ts"],
    ["agent/src/core/outbox/outbox.ts", "@interactor/shared/wire/lanes"],
    ["agent/src/adapters/spool-segments.ts", "../ports/spool.ts"],
    ["hub/src/adapters/broker-aedes/guard.ts", "./durable-ack.ts"],
    ["hub/src/adapters/store-sqlite.test.ts", "./store-sqlite.ts"],
    ["agent/src/main.ts", "../modules/dmx/module.ts"],
    ["agent/src/main/thread.ts", "../adapters/spool-segments.ts"],
    ["agent/modules/dmx/module.ts", "@interactor/shared/sdk/define-module"],
    ["agent/modules/dmx/module.ts", "./sacn.ts"],
    ["hub/cli/interactor.mjs", "../../deploy/ensure-built.ts"],
    ["test/sim/world.ts", "@interactor/agent/src/core/outbox/outbox.ts"],
  ])("%s importing %s", (from, specifier) => {
    expect(judgeImport(from, specifier)).toBeUndefined();
  });
});

test("every way to import is found, with its line, and nothing else", () => {
  const source = `import type { A } from "./a.ts";
    import { type B } from "b";
    export * from "./c.ts"; export type { D } from "./d.ts"; export const here = 1;
    type E = import("./e.ts").E;
    import "./f.css";
    const view = <p>don't import("text") {await import("./g.ts")}</p>;
    // import "./comment.ts"
    const text = \`import "./template.ts" \${await import(name)}\`;`;

  expect(importsOf("view.tsx", source)).toEqual([
    { specifier: "./a.ts", line: 1 },
    { specifier: "b", line: 2 },
    { specifier: "./c.ts", line: 3 },
    { specifier: "./d.ts", line: 3 },
    { specifier: "./e.ts", line: 4 },
    { specifier: "./f.css", line: 5 },
    { specifier: "./g.ts", line: 6 },
    { specifier: undefined, line: 8 },
  ]);
});
