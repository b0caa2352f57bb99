// A hub's site as a program asks for it over HTTP, and a small site whose channel 1 tells what runs.

import type * as z from "zod/mini";
import {
  appliedResponse,
  configPaths,
  diffResponse,
  modesResponse,
  planResponse,
  type RolloutOptions,
  rolloutView,
  type RolloutView,
} from "@interactor/shared/wire/api-config";
import { eventually } from "../programs.ts";

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface Asking {
  readonly rollout?: RolloutOptions;
  readonly base?: number;
  readonly override?: { readonly reason: string };
  readonly message?: string;
}

/** As quick as a test may be. */
export const quickly: RolloutOptions = { probation_ms: 100, settle_ms: 0 };

export class SiteClient {
  readonly #http: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(http: string, headers: Readonly<Record<string, string>> = {}) {
    this.#http = http;
    this.#headers = headers;
  }

  async get(path: string): Promise<Answer> {
    return read(await fetch(`${this.#http}${path}`, { headers: this.#headers }));
  }

  async post(path: string, body: unknown): Promise<Answer> {
    const headers = { "content-type": "application/json", ...this.#headers };
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return read(await fetch(`${this.#http}${path}`, { method: "POST", headers, body: text }));
  }

  async plan(site: string): Promise<z.infer<typeof planResponse>> {
    return planResponse.parse((await this.post(configPaths.plan, filesOf(site))).body);
  }

  /** Whatever comes of it. */
  offer(site: string, asking: Asking = {}): Promise<Answer> {
    const how = { author: "anna", message: "brighter", rollout: quickly, ...asking };
    return this.post(configPaths.revisions, { ...filesOf(site), ...how });
  }

  /** The number of the revision that it became. */
  async apply(site: string, asking: Asking = {}): Promise<number> {
    return numberIn(await this.offer(site, asking));
  }

  async rollback(revision: number): Promise<number> {
    const asked = { author: "ben", message: "back", rollout: quickly };
    return numberIn(await this.post(`${configPaths.revisions}/${revision}/rollback`, asked));
  }

  async rollout(revision: number): Promise<RolloutView> {
    return rolloutView.parse((await this.get(`${configPaths.rollouts}/${revision}`)).body);
  }

  /** Until it is of this kind. */
  until(revision: number, kind: RolloutView["kind"], within?: number): Promise<RolloutView> {
    const look = async () => {
      const rollout = await this.rollout(revision);
      if (rollout.kind === kind) return rollout;
      const [node] = rollout.nodes.filter(({ state }) => state !== "done");
      throw new Error(`it is ${rollout.kind}: ${JSON.stringify([rollout.why, node])}`);
    };
    return eventually(`the rollout of revision ${revision} is ${kind}`, look, within);
  }

  async changes(before: number, after: number): Promise<z.infer<typeof diffResponse>["changes"]> {
    const { body } = await this.get(`${configPaths.revisions}/${before}/diff/${after}`);
    return diffResponse.parse(body).changes;
  }

  async modes(): Promise<z.infer<typeof modesResponse>["zones"]> {
    return modesResponse.parse((await this.get(configPaths.modes)).body).zones;
  }

  setMode(zone: string, mode: string): Promise<Answer> {
    return this.post(configPaths.modes, { zone, mode, by: "anna", reason: "the doors" });
  }
}

export const filesOf = (site: string) => ({ root: "site.yaml", files: { "site.yaml": site } });

async function read(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

function numberIn({ status, body }: Answer): number {
  const parsed = appliedResponse.safeParse(body);
  if (!parsed.success) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return parsed.data.revision.number;
}

/** One node of it: its lamp says `level` ten times a second, and its universe goes to `port`. */
const nodeText = (name: string, port: number, level: number) => `  ${name}:
    zone: hall
    groups: [all]
    instances:
      lamp:
        module: statechart
        settings:
          inputs: {}
          outputs: { level: { type: int, deliver: every } }
          initial: a
          states: { a: { entry: [{ emit: { level: "${level}" } }], after: { "100ms": a } } }
      stage:
        module: dmx
        settings: { universe: 1, sacn: { to: [127.0.0.1], port: ${port} } }
        failsafe: hold
`;

const routeText = (name: string) =>
  `  - { name: ${name}-light, from: ${name}/lamp/level, to: ${name}/stage/ch1, ttl: 5s }\n`;

export interface LampSite {
  /** By node: where its light goes. */
  readonly ports: Readonly<Record<string, number>>;
  readonly level: number;
  readonly more?: string;
}

export const lampSite = ({ ports, level, more = "" }: LampSite): string => `site: demo
modes:
  closed: { audience: false, updates: true }
  open: { audience: true, updates: false }
mode: closed
zones:
  hall:
nodes:
${Object.entries(ports)
  .map(([name, port]) => nodeText(name, port, level))
  .join("")}routes:
${Object.keys(ports).map(routeText).join("")}${more}`;
