// A site whose relay others have written, in two versions: a hub that has them, a node that runs one, and messages for it.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { trustPaths } from "@interactor/shared/bundle/trust-api";
import { decodeBatch } from "@interactor/shared/wire/batch";
import { lane } from "@interactor/shared/wire/lanes";
import { apiPaths, ledgerResponse } from "@interactor/shared/wire/api";
import { journalRows } from "../../contract/journal-rows.ts";
import { relay } from "../../contract/module-host/relay-module.ts";
import { bundled } from "../../contract/module-host/sandboxes.ts";
import { type AgentProgram, type HubProgram, startAgent, startHub } from "../programs.ts";
import { SiteClient } from "../site/site-client.ts";

/** Both speak of each: twice this is what the node says in a second. A sandbox may say a thousand. */
const perSecond = 500;

/** The version and settings of the relay, and nothing else changes. */
export const siteWith = (version: string, settings: object): string => `site: demo
nodes:
  pi:
    instances:
      source: { module: relay, version: "1.0.0", settings: { perSecond: ${perSecond} }, failsafe: hold }
      relay: { module: relay, version: "${version}", settings: ${JSON.stringify(settings)}, failsafe: hold }
routes:
  - { name: on, from: pi/source/beat, to: pi/relay/message }
`;

export interface Passed {
  readonly message: number;
  readonly by: string;
}

export interface RelaySite extends AsyncDisposable {
  readonly hub: HubProgram;
  readonly site: SiteClient;
  readonly agent: AgentProgram;
  /** In the order of the hub's journal. */
  passed(): readonly Passed[];
  /** That the site's ledger adds up, and how many telemetry messages of the node were delivered. */
  ledger(): Promise<{ readonly balanced: boolean; readonly difference: number; readonly lost: number }>;
}

export async function openRelaySite(versions: readonly string[]): Promise<RelaySite> {
  await using undo = new AsyncDisposableStack();
  const hub = undo.use(await startHub());
  for (const version of versions) await publish(hub, version);
  const agent = undo.use(await startAgent({ node: "pi", hub: hub.mqtt }));
  const root = await fetch(`${hub.http}${trustPaths.metadata}/root`);
  writeFileSync(join(agent.data, "trust-root.json"), await root.text());
  const kept = undo.move();
  return {
    hub,
    agent,
    site: new SiteClient(hub.http),
    passed: () => passedIn(join(hub.data, "journal.sqlite")),
    async ledger() {
      const { balanced, nodes } = ledgerResponse.parse(JSON.parse((await hub.get(apiPaths.ledger)).text));
      const lanes = nodes.flatMap(({ up }) => up);
      const sum = (of: (each: (typeof lanes)[number]) => number): number =>
        lanes.reduce((total, each) => total + of(each), 0);
      return {
        balanced,
        difference: sum(({ difference }) => difference),
        lost: sum(({ unaccounted, missed }) => unaccounted + missed),
      };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function publish(hub: HubProgram, version: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "relay-"));
  const source = join(import.meta.dirname, "../../contract/module-host/relay-module.ts");
  const entry = join(folder, "entry.mjs");
  writeFileSync(
    entry,
    `import { relay } from ${JSON.stringify(source)};\nexport const definition = relay("${version}");\n`,
  );
  const { readFile } = await import("node:fs/promises");
  const bundle = await readFile(await bundled(entry, join(folder, "relay.mjs")));
  rmSync(folder, { recursive: true });
  const body = { by: "test", manifest: relay(version).manifest, base64: bundle.toString("base64") };
  const answer = await fetch(`${hub.http}${trustPaths.development}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
  if (!answer.ok) throw new Error(`relay ${version} was refused: ${await answer.text()}`);
}

function passedIn(path: string): readonly Passed[] {
  return journalRows(path).flatMap(({ payload }) => {
    const batch = decodeBatch(payload, lane.telemetry);
    if (!batch.ok) return [];
    return batch.value.entries.flatMap(({ from, body }) => {
      if (from !== "relay/passed" || typeof body !== "object" || body === null || !("message" in body))
        return [];
      const by = "by" in body && typeof body.by === "string" ? body.by : "";
      return [{ message: Number(body.message), by }];
    });
  });
}
