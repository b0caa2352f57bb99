/** Inputs of one instance: what is said of them in a site file, and what has to be. */
import type { DeclaredPorts } from "../bundle/manifest.ts";
import type { Millis } from "../kernel/units.ts";
import { findPort, type InputSpec } from "../wire/messages/port.ts";
import { type Failsafe, type Level, parseFailsafe } from "./failsafe.ts";
import { exampleLevel, hintAmong, misfit, type SiteCheck } from "./site-check.ts";
import type { Path } from "./yaml-text.ts";

/** A failsafe with the scene's level put in. */
export interface PlacedFailsafe {
  /** `null`: for ever. */
  readonly hold: Millis | null;
  readonly fade: Millis;
  /** Left out: after the hold it is let go. */
  readonly to?: Level;
}

interface Subject {
  readonly node: string;
  readonly name: string;
  readonly path: Path;
  readonly ports: DeclaredPorts;
}

/** A failsafe as it is written, and what a show stop does to its instance. */
interface Placing {
  readonly name: string;
  readonly spec: InputSpec;
  readonly failsafe: Failsafe;
  readonly stops: Readonly<Record<string, Level>>;
}

type ByInput<Value> = Value | Readonly<Record<string, Value>> | undefined;

/** What a site file says of one input, and where. */
interface Said<Value> {
  readonly name: string;
  readonly spec: InputSpec;
  readonly value: Value;
  readonly path: Path;
}

/** Inputs that one sentence names. */
const namesToldMax = 3;
/** Stands for every input that is not named. */
const others = "*";

export class InputChecks {
  readonly #check: SiteCheck;
  readonly #of: Subject;
  /** Inputs that move or light something. */
  readonly #actuators: ReadonlyMap<string, InputSpec>;

  constructor(check: SiteCheck, subject: Subject) {
    this.#check = check;
    this.#of = subject;
    const inputs = Object.entries(subject.ports.inputs);
    this.#actuators = new Map(inputs.filter(([, spec]) => spec.actuator === true));
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
    const silent: [name: string, example: string][] = [];
    for (const [name, spec] of this.#actuators) {
      if (isGiven(name)) continue;
      if (spec.stop !== undefined) stops[name] = spec.stop;
      else silent.push([name, exampleLevel(spec)]);
    }
    this.#tellSilent(silent, "what a show stop does", exampleFor("stop", silent, written));
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
    const silent = [...this.#actuators].flatMap(([name, spec]): [string, string][] =>
      isGiven(name) ? [] : [[name, exampleFailsafe(spec)]],
    );
    // To hold for ever is something that inputs of every kind can do.
    const example = exampleFor("failsafe", silent, written) ?? "failsafe: hold";
    this.#tellSilent(silent, "what happens when the source is lost", example);
    return placed;
  }

  #place(path: Path, { name, spec, failsafe, stops }: Placing): Record<string, PlacedFailsafe> {
    const { hold, fade, to } = failsafe;
    const isNumeric = spec.type === "int" || spec.type === "float";
    if (fade > 0 && !isNumeric) {
      this.#check.tell(path, `${name} is ${spec.type}, and only numbers fade`, "leave the fade out");
      return {};
    }
    if (to.kind === "none" || to.kind === "release") return { [name]: { hold, fade } };
    if (to.kind === "scene") return this.#fromScene(path, to.scene, { name, spec, failsafe, stops });
    const wrong = misfit(to.level, name, spec);
    if (wrong !== undefined) this.#check.tell(path, wrong);
    return { [name]: { hold, fade, to: to.level } };
  }

  /** Of a counted input the scene may name some: the others go where a show stop sends them. */
  #fromScene(
    path: Path,
    scene: string,
    { name, spec, failsafe, stops }: Placing,
  ): Record<string, PlacedFailsafe> {
    const { site } = this.#check;
    const levels = site.scenes.get(scene);
    if (levels === undefined) {
      const known = site.namesIn("scenes");
      const hint = hintAmong(scene, known, "add it under scenes:");
      // One that is there and wrong has been told.
      if (!known.includes(scene)) this.#check.tell(path, `there is no scene "${scene}"`, hint);
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
  #each<Value extends Level>(key: string, written: ByInput<Value>): readonly Said<Value>[] {
    const path = [...this.#of.path, key];
    if (written === undefined) return [];
    if (typeof written !== "object") return this.#ofAll(written, path, []);
    const single = Object.entries(written).filter(([name]) => name !== others);
    const named = single.map(([name]) => name);
    const rest = Object.hasOwn(written, others) ? written[others] : undefined;
    return [
      ...(rest === undefined ? [] : this.#ofAll(rest, [...path, others], named)),
      ...single.flatMap(([name, value]) => this.#ofOne(key, name, value)),
    ];
  }

  /** But of those that are named. */
  #ofAll<Value extends Level>(value: Value, path: Path, named: readonly string[]): readonly Said<Value>[] {
    const rest = [...this.#actuators].filter(([name]) => !named.includes(name));
    return rest.map(([name, spec]) => ({ name, spec, value, path }));
  }

  #ofOne<Value extends Level>(key: string, name: string, value: Value): readonly Said<Value>[] {
    const path = [...this.#of.path, key];
    const spec = this.#find([key], name);
    if (spec === undefined) return [];
    if (spec.actuator === true) return [{ name, spec, value, path: [...path, name] }];
    this.#check.tellKey(path, name, `${name} moves and lights nothing: it needs no ${key}`);
    return [];
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

  #tellSilent(
    silent: readonly (readonly [name: string, example: string])[],
    what: string,
    example: string | undefined,
  ): void {
    if (silent.length === 0) return;
    const named = silent.slice(0, namesToldMax).map(([name]) => name);
    const more = silent.length - named.length;
    const subject = more > 0 ? `${named.join(", ")} and ${more} more` : named.join(" and ");
    const { path, name } = this.#of;
    this.#check.tellKey(path.slice(0, -1), name, `${subject} must say ${what}`, example && `add ${example}`);
  }
}

/**
 * What can be written for inputs that nothing is said of, each with what suits its kind: `failsafe: hold`, or what the
 * most of them do for all, and the others by name. `undefined`: too many would have to be named.
 */
function exampleFor(
  key: string,
  silent: readonly (readonly [name: string, example: string])[],
  written: ByInput<Level>,
): string | undefined {
  const alike = Object.entries(Object.groupBy(silent, ([, example]) => example)).toSorted(
    ([, left = []], [, right = []]) => right.length - left.length,
  );
  const [most, ...exceptions] = alike.map(([example]) => example);
  const isMap = typeof written === "object";
  if (most === undefined || (exceptions.length === 0 && !isMap)) return `${key}: ${most}`;
  const named = silent.filter(([, example]) => example !== most);
  if (named.length > namesToldMax) return undefined;
  const lines = [...named, [others, most] as const].map(
    ([name, example]) => `${name === others ? `"${others}"` : name}: ${example}`,
  );
  return isMap ? `to its ${key}: ${lines.join(", ")}` : `${key}: { ${lines.join(", ")} }`;
}

/** A failsafe that an input can have: numbers fade, what is on or off goes to where a show stop has it, a text holds. */
function exampleFailsafe(spec: InputSpec): string {
  const { type, stop, min } = spec;
  if (type === "bool") return `hold 5s -> ${stop === true}`;
  if (type !== "int" && type !== "float") return "hold";
  const level = [0, stop, min].find((each) => each !== undefined && misfit(each, "", spec) === undefined);
  return level === undefined ? "hold" : `hold 5s -> fade 3s -> ${level}`;
}

/** Names for a hint: a counted one with its numbers. */
export function portNames(
  ports: Readonly<Record<string, { readonly count?: number | undefined }>>,
): string[] {
  return Object.entries(ports).map(([name, { count }]) => (count === undefined ? name : `${name}1–${count}`));
}
