/** Every instance: its module, its settings, the ports it then has, and what these do when they are let alone. */
import type { DeclaredPorts, Need } from "../bundle/manifest.ts";
import { failed } from "../kernel/result.ts";
import type { Millis } from "../kernel/units.ts";
import type { ModuleLimits } from "../wire/messages/module-limits.ts";
import { findPort, type InputSpec } from "../wire/messages/port.ts";
import type { ModuleVersion } from "./catalogue.ts";
import type { InstancePlan } from "./compiled-site.ts";
import { type Failsafe, type Level, parseFailsafe } from "./failsafe.ts";
import { type CheckedVersion, checkVersions } from "./check-versions.ts";
import { checkFixtures, type PlacedSettings } from "./check-fixtures.ts";
import { grantedTo, limitsFor } from "./granted.ts";
import { exampleLevel, hintAmong, misfit, type SiteCheck } from "./site-check.ts";
import type { ReadInstance } from "./read-site.ts";
import { sceneInstance } from "../wire/names.ts";
import type { WrittenInstance } from "./site-schema.ts";
import type { Path } from "./yaml-text.ts";

export interface CheckedInstance extends ModuleVersion {
  readonly node: string;
  readonly name: string;
  /** Instances of its node that start before it. */
  readonly after: readonly string[];
  readonly path: Path;
  readonly written: WrittenInstance;
  /** As they are written, with fixtures put in their places. */
  readonly settings: WrittenInstance["settings"];
  readonly fixtures: PlacedSettings["fixtures"];
  readonly ports: DeclaredPorts;
  readonly needs: readonly Need[];
  /** What its module asks for. */
  readonly limits: ModuleLimits;
  /** By input; a counted one by what it stands for, and single ones of it that differ. */
  readonly failsafes: Readonly<Record<string, PlacedFailsafe>>;
  readonly stops: Readonly<Record<string, Level>>;
  /** Only of inputs for which it is said. */
  readonly backgrounds: Readonly<Record<string, Level>>;
  /** Of a module that was published. */
  readonly bundle: InstancePlan["bundle"];
}

/** A failsafe with the scene's level put in. */
export interface PlacedFailsafe {
  /** `null`: for ever. */
  readonly hold: Millis | null;
  readonly fade: Millis;
  readonly to?: Level;
}

/** By `node/instance`. */
export type Instances = ReadonlyMap<string, CheckedInstance>;

export function checkInstances(check: SiteCheck): Instances {
  const checked = new Map<string, CheckedInstance>();
  for (const [node, { instances }] of check.site.nodes) {
    const versions = checkVersions(check, node, instances);
    for (const [name, read] of instances) {
      const instance = checkInstance(check, { node, name, found: versions.get(name) }, read);
      if (instance !== undefined) checked.set(`${node}/${name}`, instance);
    }
  }
  return checked;
}

function checkInstance(
  check: SiteCheck,
  { node, name, found }: { node: string; name: string; found: CheckedVersion | undefined },
  { written, wrong }: ReadInstance,
): CheckedInstance | undefined {
  const path = ["nodes", node, "instances", name];
  if (name === sceneInstance) {
    check.tellKey(path.slice(0, -1), name, `every node has a "${name}" of its own`, "call it otherwise");
    return undefined;
  }
  if (found === undefined) return undefined;
  const module = { module: written.module, version: found.version };
  const { catalogue, site } = check;
  const settings = wrong.has("settings")
    ? failed([])
    : catalogue.readSettings(site.sources, [...path, "settings"], module, written.settings ?? {});
  if (!settings.ok) {
    check.problems.push(...settings.error.filter((problem) => !site.sources.isBroken(problem)));
    // What ports settings would have made, nobody knows.
    if (!catalogue.hasFixedPorts(module)) return undefined;
  }
  const placed = checkFixtures(check, path, module, settings.ok ? settings.value : {});
  if (placed === undefined) return undefined;
  const given = placed.whole;
  const ports = catalogue.portsOf(module, given);
  if (!ports.ok) {
    check.tell([...path, "settings"], ports.error);
    return undefined;
  }
  const actuators = Object.entries(ports.value.inputs).filter(([, spec]) => spec.actuator === true);
  const bundle = catalogue.bundleOf(module);
  const needs = catalogue.needsOf(module, given);
  const inputs = new Inputs(check, { node, name, path, actuators: new Map(actuators), ports: ports.value });
  inputs.checkLeases(written.leases ?? {});
  const stops = wrong.has("stop") ? {} : inputs.stops(written.stop);
  return {
    ...module,
    after: found.after,
    node,
    name,
    path,
    written,
    settings: placed.written(written.settings),
    fixtures: placed.fixtures,
    ports: ports.value,
    needs,
    limits: catalogue.limitsOf(module),
    bundle: bundle && {
      ...bundle,
      takesSettings: catalogue.takesSettings(module),
      overlaps: catalogue.overlaps(module),
      ...grantedTo(needs),
      ...limitsFor(catalogue.limitsOf(module), written.grant),
    },
    stops,
    backgrounds: wrong.has("background") ? {} : inputs.levels("background", written.background),
    failsafes: wrong.has("failsafe") ? {} : inputs.failsafes(written.failsafe, stops),
  };
}

interface Subject {
  readonly node: string;
  readonly name: string;
  readonly path: Path;
  readonly ports: DeclaredPorts;
  /** Inputs that move or light something. */
  readonly actuators: ReadonlyMap<string, InputSpec>;
}

type ByInput<Value> = Value | Readonly<Record<string, Value>> | undefined;

/** Inputs that one sentence names. */
const namesToldMax = 3;
/** Stands for every input that is not named. */
const others = "*";

class Inputs {
  readonly #check: SiteCheck;
  readonly #of: Subject;

  constructor(check: SiteCheck, subject: Subject) {
    this.#check = check;
    this.#of = subject;
  }

  checkLeases(leases: Readonly<Record<string, Millis>>): void {
    for (const name of Object.keys(leases)) this.#find(["leases"], name);
  }

  /** As they are written, each one that its input takes. */
  levels(key: string, written: ByInput<Level>): Readonly<Record<string, Level>> {
    const levels: Record<string, Level> = {};
    for (const { name, spec, value: level, path } of this.#each(key, written)) {
      const wrong = misfit(level, name, spec);
      if (wrong === undefined) levels[name] = level;
      else this.#check.tell(path, wrong);
    }
    return levels;
  }

  stops(written: ByInput<Level>): Readonly<Record<string, Level>> {
    const stops: Record<string, Level> = { ...this.levels("stop", written) };
    const isGiven = this.#namesGiven(written);
    const silent: string[] = [];
    let example = "0";
    for (const [name, spec] of this.#of.actuators) {
      if (isGiven(name)) continue;
      if (spec.stop !== undefined) stops[name] = spec.stop;
      else {
        silent.push(name);
        example = exampleLevel(spec);
      }
    }
    this.#tellSilent(silent, "what a show stop does", `stop: ${example}`);
    return stops;
  }

  failsafes(
    written: ByInput<Level>,
    stops: Readonly<Record<string, Level>>,
  ): Readonly<Record<string, PlacedFailsafe>> {
    const placed: Record<string, PlacedFailsafe> = {};
    for (const { name, spec, value, path } of this.#each("failsafe", written)) {
      const parsed = parseFailsafe(value);
      // What is wrong with the text by itself has been told.
      if (parsed.ok) Object.assign(placed, this.#place(path, { name, spec, failsafe: parsed.value, stops }));
    }
    const isGiven = this.#namesGiven(written);
    const silent = [...this.#of.actuators.keys()].filter((name) => !isGiven(name));
    this.#tellSilent(silent, "what happens when the source is lost", "failsafe: hold 5s -> fade 3s -> 0");
    return placed;
  }

  #place(
    path: Path,
    given: { name: string; spec: InputSpec; failsafe: Failsafe; stops: Readonly<Record<string, Level>> },
  ): Record<string, PlacedFailsafe> {
    const { name, spec, failsafe } = given;
    const { hold, fade, to } = failsafe;
    const isNumeric = spec.type === "int" || spec.type === "float";
    if (fade > 0 && !isNumeric) {
      this.#check.tell(path, `${name} is ${spec.type}, and only numbers fade`, "leave the fade out");
      return {};
    }
    if (to.kind === "none") return { [name]: { hold, fade } };
    if (to.kind === "scene") return this.#fromScene(path, { ...given, scene: to.scene });
    const wrong = misfit(to.level, name, spec);
    if (wrong !== undefined) this.#check.tell(path, wrong);
    return { [name]: { hold, fade, to: to.level } };
  }

  /** Of a counted input the scene may name some: the others go where a show stop sends them. */
  #fromScene(
    path: Path,
    given: {
      name: string;
      spec: InputSpec;
      failsafe: Failsafe;
      scene: string;
      stops: Readonly<Record<string, Level>>;
    },
  ): Record<string, PlacedFailsafe> {
    const { name, spec, scene, failsafe, stops } = given;
    const { site } = this.#check;
    const levels = site.scenes.get(scene);
    if (levels === undefined) {
      const known = site.namesIn("scenes");
      if (!known.includes(scene))
        this.#check.tell(
          path,
          `there is no scene "${scene}"`,
          hintAmong(scene, known, "add it under scenes:"),
        );
      return {};
    }
    const times = { hold: failsafe.hold, fade: failsafe.fade };
    const prefix = `${this.#of.node}/${this.#of.name}/`;
    const exact = levels[prefix + name];
    if (exact !== undefined) return { [name]: { ...times, to: exact } };
    const stop = stops[name];
    if (spec.count === undefined || stop === undefined) {
      this.#check.tell(
        path,
        `the scene ${scene} says nothing of ${prefix}${name}`,
        `add it there: ${prefix}${name}: ${exampleLevel(spec)}`,
      );
      return {};
    }
    const single = Object.entries(levels).filter(
      ([address]) =>
        address.startsWith(prefix) && findPort(this.#of.ports.inputs, address.slice(prefix.length)) === spec,
    );
    return {
      [name]: { ...times, to: stop },
      ...Object.fromEntries(single.map(([address, to]) => [address.slice(prefix.length), { ...times, to }])),
    };
  }

  /** Every input with what is said of it; more of a single one is said last. */
  #each<Value extends Level>(key: string, written: ByInput<Value>) {
    const path = [...this.#of.path, key];
    const { actuators } = this.#of;
    const toAll = (value: Value, at: Path, names: readonly string[]) =>
      [...actuators].flatMap(([name, spec]) =>
        names.includes(name) ? [] : [{ name, spec, value, path: at }],
      );
    if (written === undefined) return [];
    if (typeof written !== "object") return toAll(written, path, []);
    const single = Object.entries(written).filter(([name]) => name !== others);
    const rest = Object.hasOwn(written, others) ? written[others] : undefined;
    return [
      ...(rest === undefined
        ? []
        : toAll(
            rest,
            [...path, others],
            single.map(([name]) => name),
          )),
      ...single.flatMap(([name, value]) => {
        const spec = this.#find([key], name);
        if (spec === undefined) return [];
        if (spec.actuator === true) return [{ name, spec, value, path: [...path, name] }];
        this.#check.tellKey(path, name, `${name} moves and lights nothing: it needs no ${key}`);
        return [];
      }),
    ];
  }

  #namesGiven(written: ByInput<Level>): (name: string) => boolean {
    if (written === undefined) return () => false;
    return (name) =>
      typeof written !== "object" || Object.hasOwn(written, others) || Object.hasOwn(written, name);
  }

  #find(below: Path, name: string): InputSpec | undefined {
    const { path, ports } = this.#of;
    // `ch` stands for all that it counts, `ch12` for one of them.
    const spec = Object.hasOwn(ports.inputs, name) ? ports.inputs[name] : findPort(ports.inputs, name);
    if (spec === undefined)
      this.#check.tellKey(
        [...path, ...below],
        name,
        `${this.#of.name} has no input "${name}"`,
        hintAmong(name, portNames(ports.inputs)),
      );
    return spec;
  }

  #tellSilent(names: readonly string[], what: string, example: string): void {
    if (names.length === 0) return;
    const named = names.slice(0, namesToldMax);
    const more = names.length - named.length;
    const subject = more > 0 ? `${named.join(", ")} and ${more} more` : named.join(" and ");
    const { path, name } = this.#of;
    this.#check.tellKey(path.slice(0, -1), name, `${subject} must say ${what}`, `add ${example}`);
  }
}

/** Names for a hint: a counted one with its numbers. */
export function portNames(
  ports: Readonly<Record<string, { readonly count?: number | undefined }>>,
): string[] {
  return Object.entries(ports).map(([name, { count }]) => (count === undefined ? name : `${name}1–${count}`));
}
