/**
 * Tries a module's contract, in a process of its own: what hangs or falls over is the module, and not the command.
 * Told what to try by its parent, it answers with a line for each check.
 */
import { pathToFileURL } from "node:url";
import { messageOf } from "@interactor/shared/kernel/fault";
import type { Clock } from "@interactor/shared/kernel/clock";
import { instant, micros } from "@interactor/shared/kernel/units";
import { type ContractSubject, contractChecks } from "@interactor/shared/sdk/contract-checks";

/** What the parent sends. */
export type Order = Pick<ContractSubject, "manifest" | "example"> & { readonly file: string };
/** What it is told. */
export type Told =
  | { readonly begun: string }
  | { readonly tried: string; readonly problems: readonly string[] }
  | { readonly over: true };

const clock: Clock = {
  now: () => instant(performance.now()),
  wall: () => micros(Date.now() * 1000),
  after(delay, task) {
    const timer = setTimeout(task, delay);
    return () => clearTimeout(timer);
  },
};

process.once("message", (order: Order) => void tryAll(order));

async function tryAll({ file, manifest, example }: Order): Promise<void> {
  const stray: string[] = [];
  // A module that waits for nothing that will come is told as such; without this the process would just end.
  setInterval(() => undefined, 1000);
  process.on(
    "uncaughtException",
    (error) => void stray.push(`it throws where nobody catches: ${messageOf(error)}`),
  );
  tell({ begun: "it loads" });
  const loaded: unknown = await import(pathToFileURL(file).href).catch((error: unknown) => error);
  if (!hasDefinition(loaded)) {
    const words = loaded instanceof Error ? messageOf(loaded) : "it exports no `definition`";
    tell({ tried: "it loads", problems: [words] });
    return end();
  }
  for (const check of contractChecks({ ...loaded, manifest, example, clock })) {
    tell({ begun: check.name });
    const problems = await check.run().catch((error: unknown) => [messageOf(error)]);
    tell({ tried: check.name, problems: [...problems, ...stray.splice(0)] });
  }
  end();
}

const hasDefinition = (exported: unknown): exported is Pick<ContractSubject, "definition"> =>
  typeof exported === "object" && exported !== null && "definition" in exported;

function tell(told: Told): void {
  process.send?.(told);
}

function end(): void {
  const over: Told = { over: true };
  process.send?.(over, () => process.exit(0));
}
