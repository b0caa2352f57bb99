/** `interactor module test`: the contract that every module keeps, made of its manifest, on what is built of it. */
import { fork } from "node:child_process";
import { extname, join } from "node:path";
import { commandFault } from "./exit.ts";
import { type BuiltModule, buildModule } from "./module-build.ts";
import type { Order, Told } from "./module-contract.ts";
import { painterFor, printable } from "./output.ts";

/** A check takes two seconds at the most. Silent for longer: it is ended, and told so. */
const silenceMax = 20_000;

export interface Tried {
  readonly name: string;
  /** In words; none: it holds. */
  readonly problems: readonly string[];
}

export async function runModuleTest(
  folder: string,
  options: { readonly json?: boolean; readonly color?: boolean },
): Promise<void> {
  const painter = painterFor(process.stdout, options.color !== false, process.env);
  process.stderr.write("building …\n");
  const tried = await tryContract(await buildModule(folder), ({ name, problems }) => {
    if (options.json === true) return;
    const mark = problems.length === 0 ? painter.good("ok  ") : painter.bad("no  ");
    const words = [name, ...problems.map((problem) => `      ${printable(problem)}`)];
    process.stdout.write(`${mark}${words.join("\n")}\n`);
  });
  if (options.json === true) process.stdout.write(`${JSON.stringify({ tried })}\n`);
  const broken = tried.filter(({ problems }) => problems.length > 0).length;
  if (broken > 0) throw commandFault("VALIDATION", `${broken} of ${tried.length} do not hold`);
}

export async function tryContract(
  { file, module: { manifest, example } }: BuiltModule,
  onTried: (tried: Tried) => void = () => undefined,
  silence: number = silenceMax,
): Promise<readonly Tried[]> {
  // Beside this one, as it is written or as it is built.
  const program = join(import.meta.dirname, `module-contract${extname(import.meta.filename)}`);
  const child = fork(program, { execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const tried: Tried[] = [];
  let current = "it loads";
  let isOver = false;
  const note = (one: Tried): void => {
    tried.push(one);
    onTried(one);
  };
  const watch = setTimeout(() => child.kill("SIGKILL"), silence);
  child.on("message", (told: Told) => {
    watch.refresh();
    if ("begun" in told) current = told.begun;
    else if ("tried" in told) note({ name: told.tried, problems: told.problems });
    else isOver = true;
  });
  const order: Order = { file, manifest, example };
  child.send(order, () => undefined);
  const signal = await new Promise<string | null>((resolve) => child.on("close", (_code, by) => resolve(by)));
  clearTimeout(watch);
  if (!isOver)
    note({
      name: current,
      problems: [signal === "SIGKILL" ? "it hangs: it was ended" : "it ended the process"],
    });
  return tried;
}
