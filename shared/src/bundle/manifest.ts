/**
 * What a module declares of itself: enough for the hub and the agent to know its settings and its ports
 * without running any of its code.
 */
import { isOfType } from "../wire/value.ts";
import { isName } from "../wire/names.ts";
import { type InputSpec, inputSpec, type OutputSpec, outputSpec, type Ports } from "../wire/messages/port.ts";
import { portsMax } from "../wire/limits.ts";
import type { ModuleLimits } from "../wire/messages/module-limits.ts";
import { failed, ok, type Result } from "../kernel/result.ts";

export interface Manifest {
  /** Of the contract between agent and module. */
  readonly apiVersion: 1;
  readonly id: string;
  readonly version: string;
  readonly title: string;
  /** Light modules share one worker thread. `own`: a worker for the instances of this module alone. */
  readonly worker: "shared" | "own";
  readonly inputs: Ports<InputSpec>;
  readonly outputs: Ports<OutputSpec>;
  /** JSON pointer, or several, into the settings to more inputs, a map of name → InputSpec. */
  readonly inputsFrom?: string | readonly string[];
  /** What the inputs found there are like, as far as the settings do not say: those are settings as people write them. */
  readonly inputsLike?: Partial<InputSpec>;
  /** JSON pointer into the settings to more outputs, a map of name → OutputSpec. */
  readonly outputsFrom?: string;
  readonly outputsLike?: Partial<OutputSpec>;
  /** An instance takes other settings while it runs: its ports are the same whatever they are. */
  readonly takesSettings?: boolean;
  /**
   * No two versions of an instance may run at one time: it has something that there is one of, such as a port that it
   * listens on. Of what it has permission for that is known.
   */
  readonly alone?: boolean;
  /** The setting, a map of inputs, that lighting fixtures named in the setting `fixtures` become when a site is compiled. */
  readonly fixturesInto?: string;
  /** What it needs of the world. */
  readonly permissions?: readonly Permission[];
  /** Modules that run on its node before it does: ids, with a range of versions for each. */
  readonly requires?: Readonly<Record<string, string>>;
  /** The versions of Interactor that it is written for, as a range. */
  readonly engines?: { readonly interactor: string };
  /** What it uses more of than modules have by themselves, or less. */
  readonly limits?: ModuleLimits;
}

/** What a module may need. Of a pin, a bus, a serial line and a universe there is one, and one instance has it. */
export const permissionKinds = ["pin", "bus", "serial", "universe", "host", "file"] as const;
export type PermissionKind = (typeof permissionKinds)[number];

/** Of these there is one, and a second that opens it takes it from the first, or fails. */
const exclusive: readonly PermissionKind[] = ["pin", "bus", "serial", "universe"];

/** Whether another version of an instance may run beside it for a moment, to take over without a break. */
export function overlaps({ alone, permissions = [] }: Pick<Manifest, "alone" | "permissions">): boolean {
  return alone !== true && !permissions.some(({ kind }) => exclusive.includes(kind));
}

/**
 * Something that a module needs: always the same, or what its settings name. Who writes the settings allows what stands
 * there; what a module takes for itself has to be granted.
 */
export type Permission =
  | { readonly kind: PermissionKind; readonly names: readonly string[] }
  | {
      readonly kind: PermissionKind;
      /** JSON pointer into the settings to a name or number, or to a list of them; `*` is each of a map or list. */
      readonly from: string;
      /** JSON pointer to the addresses it goes to: the same universe at two addresses is two. */
      readonly within?: string;
      /** Where there is another name for it, the first of these that is there. */
      readonly rather?: readonly NumberAt[];
      /** The protocol, where the same name over another one is something else. */
      readonly over?: string;
      /** JSON pointer to what decides between two that have the same, so that they do not collide. */
      readonly rank?: string;
    };

/** A number that stands at a JSON pointer, plus `plus`, plus what stands at each of `parts` times its factor. */
export interface NumberAt {
  readonly from: string;
  readonly plus?: number;
  readonly parts?: Readonly<Record<string, number>>;
}

/** A need of an instance with its settings. */
export interface Need {
  readonly kind: PermissionKind;
  readonly name: string;
  /** Where in the settings it is named; `undefined`: the module takes it for itself. */
  readonly pointer: string | undefined;
  readonly within: readonly string[];
  readonly rank: string;
  readonly over: string;
}

export function needsOf(
  { permissions = [] }: Pick<Manifest, "permissions">,
  settings: unknown,
): readonly Need[] {
  return permissions.flatMap((permission): readonly Need[] => {
    const { kind } = permission;
    if ("names" in permission)
      return permission.names.map((name) => ({
        kind,
        name,
        pointer: undefined,
        within: [],
        rank: "",
        over: "",
      }));
    const { from, within, rank, rather = [], over = "" } = permission;
    const addresses = within === undefined ? [] : namesAt(settings, within);
    // What goes nowhere takes nothing.
    if (within !== undefined && addresses.length === 0) return [];
    const weight = rank === undefined ? "" : namesAt(settings, rank).join();
    const need = { kind, within: addresses, rank: weight, over };
    for (const each of rather) {
      const number = numberAt(settings, each);
      if (number !== undefined) return [{ ...need, name: String(number), pointer: each.from }];
    }
    return placesOf(settings, from).flatMap((pointer) =>
      namesAt(settings, pointer).map((name) => ({ ...need, name, pointer })),
    );
  });
}

function numberAt(settings: unknown, { from, plus = 0, parts = {} }: NumberAt): number | undefined {
  const base = at(settings, from);
  if (typeof base !== "number") return undefined;
  return Object.entries(parts).reduce((sum, [pointer, factor]) => {
    const part = at(settings, pointer);
    return typeof part === "number" ? sum + part * factor : sum;
  }, base + plus);
}

/** Whether something stands there that names it, or is counted for its name. */
export const isSaidAt = (settings: unknown, pointer: string): boolean =>
  namesAt(settings, pointer).length > 0;

/** Whether the settings themselves name it there: what a module puts in by itself, nobody has written. */
export const isNamedAt = (settings: unknown, { pointer, name }: Need): boolean =>
  pointer !== undefined && namesAt(settings, pointer).includes(name);

/** Pointers without `*`, one for each that a pointer with some means. */
function placesOf(settings: unknown, pointer: string): readonly string[] {
  const star = pointer.indexOf("/*");
  if (star < 0) return [pointer];
  const [before, after] = [pointer.slice(0, star), pointer.slice(star + "/*".length)];
  const found = at(settings, before);
  const keys = isMap(found) ? Object.keys(found) : [];
  const escaped = keys.map((key) => key.replaceAll("~", "~0").replaceAll("/", "~1"));
  return escaped.flatMap((key) => placesOf(settings, `${before}/${key}${after}`));
}

function namesAt(settings: unknown, pointer: string): readonly string[] {
  const found = at(settings, pointer);
  const list: readonly unknown[] = Array.isArray(found) ? found : [found];
  return list.flatMap((each) => (typeof each === "string" || typeof each === "number" ? [String(each)] : []));
}

/** Of a manifest what says which ports there are. */
export type ManifestPorts = Pick<
  Manifest,
  "inputs" | "outputs" | "inputsFrom" | "inputsLike" | "outputsFrom" | "outputsLike"
>;

export interface DeclaredPorts {
  readonly inputs: Ports<InputSpec>;
  readonly outputs: Ports<OutputSpec>;
}

/**
 * The ports of an instance with these settings. Fails with words for people when a settings map that
 * `inputsFrom` or `outputsFrom` names holds something that is no port, or one name serves twice:
 * an input and an output of an instance share their names' space, because what an input holds is a value too.
 */
export function declaredPorts(manifest: ManifestPorts, settings: unknown): Result<DeclaredPorts, string> {
  const inputMaps = [manifest.inputsFrom ?? []]
    .flat()
    .map((pointer) => portsAt(pointer, settings, inputSpec, manifest.inputsLike));
  const wrong = inputMaps.find((map) => !map.ok);
  if (wrong !== undefined && !wrong.ok) return wrong;
  const given = inputMaps.flatMap((map) => (map.ok ? Object.entries(map.value) : []));
  const outputs = portsAt(manifest.outputsFrom, settings, outputSpec, manifest.outputsLike);
  if (!outputs.ok) return outputs;
  const declared = {
    inputs: { ...manifest.inputs, ...Object.fromEntries(given) },
    outputs: { ...manifest.outputs, ...outputs.value },
  };
  const names = [
    ...Object.keys(manifest.inputs),
    ...given.map(([name]) => name),
    ...Object.keys(manifest.outputs),
    ...Object.keys(outputs.value),
  ];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return failed(`the name "${twice}" is used by two ports`);
  for (const [name, spec] of Object.entries(declared.inputs)) {
    const fault = onceFault(spec) ?? releasedFault(spec);
    if (fault !== undefined) return failed(`the input "${name}" ${fault}`);
  }
  return names.length > portsMax ? failed(`more than ${portsMax} ports`) : ok(declared);
}

/** Each start of a module, and each show stop that is over, would do again what an actuator holds. */
const onceFault = ({ actuator, once }: InputSpec): string | undefined =>
  once === true && actuator === true
    ? "is done `once`, and an `actuator` is told again what it holds: leave out one of them"
    : undefined;

/** What is wrong with the `released` that an input declares. */
function releasedFault({
  actuator,
  once,
  released,
  type,
  min = -Infinity,
  max = Infinity,
}: InputSpec): string | undefined {
  if (released === undefined) return undefined;
  if (actuator === true) return "is an actuator, and `released` is for inputs that are none";
  if (once === true) return "is done `once`, and `released` is for what stays";
  if (!isOfType(released, type))
    return `takes ${type}, and is ${JSON.stringify(released)} when it is released`;
  const isWithin = typeof released !== "number" || (released >= min && released <= max);
  return isWithin
    ? undefined
    : `is ${JSON.stringify(released)} when it is released, which is out of its range`;
}

interface Schema<Spec> {
  safeParse(value: unknown): { success: true; data: Spec } | { success: false };
}

function portsAt<Spec>(
  pointer: string | undefined,
  settings: unknown,
  schema: Schema<Spec>,
  like: Partial<Spec> = {},
): Result<Ports<Spec>, string> {
  const found = pointer === undefined ? undefined : at(settings, pointer);
  if (found === undefined) return ok({});
  if (!isMap(found)) return failed(`settings${pointer} is no map of ports`);
  const ports: Record<string, Spec> = {};
  for (const [name, value] of Object.entries(found)) {
    if (!isName(name)) return failed(`settings${pointer}: "${name}" is not a name (a-z, 0-9, - and _)`);
    const parsed = schema.safeParse(isMap(value) ? { ...like, ...value } : value);
    if (!parsed.success) return failed(`settings${pointer}/${name} is no port: it needs at least a type`);
    ports[name] = parsed.data;
  }
  return ok(ports);
}

const isMap = (value: unknown): value is object => typeof value === "object" && value !== null;

/** What stands at a JSON pointer (RFC 6901), own properties only, and not inside of what is turned off. */
function at(document: unknown, pointer: string): unknown {
  let found = document;
  for (const token of pointer.split("/").slice(1)) {
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (!isMap(found) || !Object.hasOwn(found, key)) return undefined;
    if ("enabled" in found && found.enabled === false) return undefined;
    found = Object.entries(found).find(([each]) => each === key)?.[1];
  }
  return found;
}

/** What an input goes to on a show stop: what it declares, else its least, else off. */
export function stopValue(spec: InputSpec): boolean | number | string | null {
  if (spec.stop !== undefined && isOfType(spec.stop, spec.type)) return spec.stop;
  switch (spec.type) {
    case "bool":
      return false;
    case "int":
    case "float":
      return spec.min ?? 0;
    case "text":
      return "";
    default:
      return null;
  }
}
