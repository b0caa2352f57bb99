/**
 * Plays seeds and says what came of each, a line of JSON a seed.
 *
 *   node test/sim/play.ts FROM TO [MUTATION]      stops at the first seed that finds a mutation
 */
import { installHooks } from "./hooks.ts";
import { mutations } from "./mutations.ts";

const [from = "1", to = from, name] = process.argv.slice(2);
const mutation = mutations.find((each) => each.name === name);
if (name !== undefined && mutation === undefined) throw new Error(`there is no mutation "${name}"`);
const { isMutated } = installHooks(mutation);

process.on("unhandledRejection", (error) => {
  throw error;
});
// The program's own time stands still while a world goes on.
const { playSeed } = await import("./run-seed.ts");
if (mutation !== undefined && !isMutated()) throw new Error(`${mutation.file} is not used`);
for (let seed = Number(from); seed <= Number(to); seed += 1) {
  const played = await playSeed(seed);
  process.stdout.write(`${JSON.stringify(played)}\n`);
  if (mutation !== undefined && played.violations.length > 0) break;
}
