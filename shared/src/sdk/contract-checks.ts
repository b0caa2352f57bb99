/** What every module keeps, whatever it is for: made of its manifest, and tried on the bench. */
import { declaredPorts, type Manifest } from "../bundle/manifest.ts";
import type { Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/fault.ts";
import { type Millis, millis } from "../kernel/units.ts";
import { findPort, type InputSpec, type Ports } from "../wire/messages/port.ts";
import type { Value } from "../wire/value.ts";
import type { ModuleDefinition } from "./define-module.ts";
import { type Bench, type Emitted, startOnBench } from "./testing.ts";

/** As long as an agent waits for an instance to stop. */
const stopTimeout = millis(700);
/** So long a module is left to itself between two steps: what it gives by a timer of its own is seen. */
const whileRunning = millis(150);

export interface ContractSubject {
  readonly definition: ModuleDefinition<unknown>;
  /** As its package.json has it. */
  readonly manifest: Manifest;
  /** Settings that are right. */
  readonly example: Readonly<Record<string, unknown>>;
  readonly clock: Clock;
}

export interface ContractCheck {
  /** What holds, as a sentence. */
  readonly name: string;
  /** What does not, in words; nothing: it holds. What throws does not hold. */
  run(): Promise<readonly string[]>;
}

export function contractChecks(subject: ContractSubject): readonly ContractCheck[] {
  return [
    { name: "it is what its package.json says", run: async () => sameManifest(subject) },
    { name: "its example settings are right", run: async () => exampleTaken(subject) },
    { name: "settings that are wrong are refused", run: async () => wrongRefused(subject) },
    { name: "it takes what it declares, and gives nothing else", run: () => portsHonoured(subject) },
    { name: `it stops within ${stopTimeout} ms, and is then silent`, run: () => stopsInTime(subject) },
    { name: "it survives a restart", run: () => survivesRestart(subject) },
  ];
}

function sameManifest({ definition, manifest }: ContractSubject): readonly string[] {
  const isSame = JSON.stringify(definition.manifest) === JSON.stringify(manifest);
  return isSame ? [] : ["its definition has another manifest: import it from interactor:manifest"];
}

function exampleTaken({ definition, manifest, example }: ContractSubject): readonly string[] {
  const parsed = definition.settings.safeParse(example);
  if (!parsed.success) {
    return parsed.error.issues.map((issue) => {
      const words = issue.code === "unrecognized_keys" ? `it has no ${issue.keys.join(", ")}` : issue.message;
      return `${["example", ...issue.path].join(".")}: ${words}`;
    });
  }
  const ports = declaredPorts(manifest, parsed.data);
  return ports.ok ? [] : [ports.error];
}

function wrongRefused({ definition, example }: ContractSubject): readonly string[] {
  const wrong: readonly (readonly [string, unknown])[] = [
    ["nothing at all", null],
    ["a number", 7],
    ["a text", "settings"],
    ["a list", []],
    ["a setting that it does not have (z.strictObject refuses it)", { ...example, "no-such-setting": 1 }],
  ];
  return wrong.flatMap(([words, settings]) =>
    definition.settings.safeParse(settings).success ? [`it takes ${words} for its settings`] : [],
  );
}

async function portsHonoured(subject: ContractSubject): Promise<readonly string[]> {
  const ports = declaredPorts(subject.manifest, subject.example);
  if (!ports.ok) return [ports.error];
  const bench = await started(subject);
  const problems: string[] = [];
  for (const [input, value] of trials(ports.value.inputs)) {
    try {
      bench.apply(input, value);
    } catch (error) {
      problems.push(`input "${input}" with ${JSON.stringify(value) ?? "nothing"}: ${messageOf(error)}`);
    }
  }
  await pause(subject.clock, whileRunning);
  // Whether it stops in time is another check's affair.
  await within(subject.clock, stopTimeout, bench.stop());
  return [...problems, ...bench.emitted.flatMap((each) => outOfRange(each, ports.value.outputs))];
}

/** Every input at the ends of its range and between, and then given back. */
function trials(inputs: Ports<InputSpec>): readonly (readonly [string, Value | undefined])[] {
  return Object.entries(inputs).flatMap(([name, spec]) => {
    const names = spec.count === undefined ? [name] : [`${name}1`, `${name}${spec.count}`];
    return names.flatMap((each) => [...valuesOf(spec), undefined].map((value) => [each, value] as const));
  });
}

function valuesOf({ type, min = 0, max = 1 }: InputSpec): readonly Value[] {
  switch (type) {
    case "bool":
      return [true, false];
    case "int":
      return [Math.ceil(min), Math.floor(max)];
    case "float":
      return [min, (min + max) / 2, max];
    case "text":
      return ["", "a text"];
    default:
      // What a record or bytes mean is the module's affair.
      return [];
  }
}

function outOfRange({ output, value }: Emitted, outputs: Parameters<typeof findPort>[0]): readonly string[] {
  const { min = -Infinity, max = Infinity } = findPort(outputs, output) ?? {};
  if (typeof value !== "number" || (value >= min && value <= max)) return [];
  return [`output "${output}" gave ${value}, and it declares ${min} to ${max}`];
}

async function stopsInTime(subject: ContractSubject): Promise<readonly string[]> {
  const bench = await started(subject);
  await pause(subject.clock, whileRunning);
  const isStopped = await within(subject.clock, stopTimeout, bench.stop());
  if (!isStopped) return [`it has not stopped after ${stopTimeout} ms, and would be ended`];
  const given = bench.emitted.length;
  await pause(subject.clock, whileRunning);
  const after = bench.emitted.length - given;
  return after === 0 ? [] : [`it gave ${after} values after it had stopped: end what it started`];
}

async function survivesRestart(subject: ContractSubject): Promise<readonly string[]> {
  const stored = new Map<string, Value>();
  for (const life of ["first", "second", "third"]) {
    try {
      const bench = await started(subject, stored);
      await pause(subject.clock, whileRunning);
      await within(subject.clock, stopTimeout, bench.stop());
    } catch (error) {
      return [`its ${life} start with what it keeps: ${messageOf(error)}`];
    }
  }
  return [];
}

const started = (
  { definition, example, clock }: ContractSubject,
  stored: Map<string, Value> = new Map(),
): Promise<Bench> => startOnBench(definition, example, { clock, stored });

const pause = (clock: Clock, time: Millis): Promise<void> =>
  new Promise((resolve) => clock.after(time, () => resolve()));

/** Whether it is done in time. What fails, fails here. */
async function within(clock: Clock, time: Millis, done: Promise<void>): Promise<boolean> {
  let cancel = (): void => undefined;
  const late = new Promise<boolean>((resolve) => {
    cancel = clock.after(time, () => resolve(false));
  });
  try {
    return await Promise.race([done.then(() => true), late]);
  } finally {
    cancel();
  }
}
