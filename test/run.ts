// What `npm test` runs, in the order in which a mistake is found soonest. It stops at the first step that fails and
// shows what that step said; a step that passes says one line.
//
//   npm test                                  everything
//   npm test -- --only tsc --only oxlint      some steps
//   npm test -- --only vitest -- test/e2e     what stands after the second -- goes to vitest
//   npm run test:long                         everything that has a long form: attacks, fuzz, kills, spool, network, fleet

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";

import { closingLine, countTests, hasPassed, readReport } from "./test-report.ts";

const root = join(import.meta.dirname, "..");
const binFolder = join(root, "node_modules", ".bin");

interface Step {
  readonly name: string;
  /** Started with our own Node, in the repository's folder: the first word is a file, the rest its arguments. */
  readonly command: readonly string[];
  /** Whether it takes long enough for somebody to want to watch. */
  readonly isLive: boolean;
}

const steps = [
  step("tsc", "node_modules/typescript/bin/tsc", "--project", "tsconfig.json"),
  step("tsc-pure", "node_modules/typescript/bin/tsc", "--project", "tsconfig.pure.json"),
  step("oxlint", "node_modules/oxlint/bin/oxlint", "--type-aware", "--deny-warnings"),
  step("oxfmt", "node_modules/oxfmt/bin/oxfmt", "--check"),
  step("knip", "node_modules/knip/bin/knip.js", "--no-progress", "--treat-config-hints-as-errors"),
  step("build", "deploy/build.ts"),
] as const satisfies readonly Step[];

function step(name: string, ...command: readonly string[]): Step {
  return { name, command, isLive: false };
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const chosen = readArguments(args);
  if (typeof chosen === "string") {
    process.stderr.write(`${chosen}\n`);
    return 2;
  }
  for (const each of steps) {
    if (chosen.isWanted(each.name) && !(await runStep(each))) return 1;
  }
  return chosen.isWanted("vitest") ? await runVitest(chosen) : 0;
}

interface Chosen {
  readonly isWanted: (step: string) => boolean;
  /** Whether tests that can take long should. They see it as TEST_LONG in their environment. */
  readonly isLong: boolean;
  readonly forVitest: readonly string[];
}

/** What to run, or one line that says what is wrong with the arguments. */
function readArguments(args: readonly string[]): Chosen | string {
  const names = [...steps.map(({ name }) => name), "vitest"];
  const split = args.indexOf("--");
  const own = split === -1 ? args : args.slice(0, split);
  try {
    const options = { only: { type: "string", multiple: true }, long: { type: "boolean" } } as const;
    const { values } = parseArgs({ args: [...own], options });
    const only = values.only?.flatMap((names) => names.split(",")) ?? names;
    const unknown = only.filter((name) => !names.includes(name));
    if (unknown.length > 0) return `test: no step ${unknown.join(", ")}; there are ${names.join(", ")}`;
    return {
      isWanted: (name) => only.includes(name),
      isLong: values.long === true,
      forVitest: split === -1 ? [] : args.slice(split + 1),
    };
  } catch (error) {
    return `test: ${error instanceof Error ? error.message : String(error)} Known: --only STEP, --long, and -- before vitest's`;
  }
}

async function runStep(each: Step): Promise<boolean> {
  const startedAt = performance.now();
  const { isGood, output } = await run(each);
  if (!isGood) process.stdout.write(output.endsWith("\n") ? output : `${output}\n`);
  report(each.name, isGood, startedAt);
  return isGood;
}

async function runVitest({ forVitest, isLong }: Chosen): Promise<number> {
  const startedAt = performance.now();
  const folder = mkdtempSync(join(tmpdir(), "interactor-test-"));
  try {
    const reportFile = join(folder, "report.json");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
    const command = ["node_modules/vitest/vitest.mjs", "run", ...reporters, ...forVitest];
    const { isGood } = await run(
      { name: "vitest", command, isLive: true },
      isLong ? { TEST_LONG: "true" } : {},
    );
    const counts = countTests(readReport(reportFile));
    const isPassed = isGood && hasPassed(counts);
    report("vitest", isPassed, startedAt);
    for (const each of counts.secondTries) process.stdout.write(`passed at the second try: ${each}\n`);
    if (isGood && counts.passed === 0) process.stdout.write("no test ran\n");
    process.stdout.write(`${closingLine(counts)}\n`);
    return isPassed ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function report(name: string, isGood: boolean, startedAt: number): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${isGood ? "ok    " : "FAILED"} ${name.padEnd(10)} ${seconds.padStart(6)} s\n`);
}

/** Runs one step to its end. What ends us ends it; its output comes back unless it went out live. */
function run(
  each: Step,
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly isGood: boolean; readonly output: string }> {
  const child = spawn(process.execPath, each.command, {
    cwd: root,
    // Tools that start `node` by name get the pinned one, not the machine's.
    env: { ...process.env, ...environment, PATH: [binFolder, process.env["PATH"]].join(delimiter) },
    stdio: each.isLive ? ["ignore", "inherit", "inherit"] : ["ignore", "pipe", "pipe"],
  });
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  const signals = ["SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, forward);

  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ isGood: false, output: error.message }));
    child.on("close", (code) => {
      for (const signal of signals) process.off(signal, forward);
      resolve({ isGood: code === 0, output });
    });
  });
}
