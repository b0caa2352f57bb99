/** `interactor route …`: the routes, what they do now and what they would do. */
import type { Command } from "commander";
import { countArgument, durationArgument, timeoutArgument } from "./arguments.ts";
import { addHubOptions } from "./common-options.ts";
import { example } from "./example.ts";
import { untilInterrupted } from "./interruptible.ts";

export function addRoute(program: Command): void {
  const route = program
    .command("route")
    .description("the routes: which there are, where they run, what they do");
  addHubOptions(route.command("list"))
    .description("the routes, and how often each ran and failed")
    .addHelpText(
      "after",
      example("interactor route list", "interactor route list --json | jq '.routes[].name'"),
    )
    .action(async (options) => {
      const { runRouteList } = await import("./route-list.ts");
      await untilInterrupted(() => runRouteList(options));
    });
  addHubOptions(route.command("where"))
    .description("where a route runs, and why there")
    .argument("[route]", "one route (default: all)")
    .addHelpText("after", example("interactor route where", "interactor route where knob-to-front"))
    .action(async (name, options) => {
      const { runRouteWhere } = await import("./route-list.ts");
      await untilInterrupted(() => runRouteWhere(name, options));
    });
  addTrace(route);
  addTest(route);
}

function addTrace(route: Command): void {
  addHubOptions(route.command("trace"))
    .description("watch one route at work: every value that comes in, and what its input holds")
    .argument("<route>", "the route's name")
    .option("--count <n>", "end after so many lines", countArgument)
    .option("--timeout <time>", "end after 10s or 5m; a bare number is seconds", timeoutArgument)
    .addHelpText(
      "after",
      `${example("interactor route trace approach", "interactor route trace approach --json --timeout 10")}
What comes in is every value of the output; what an actuator input holds is told ten times a second at most, and may be
what somebody else gives it. \`route test\` shows each step of a route, on values of your own.`,
    )
    .action(async (name, options) => {
      const { runRouteTrace } = await import("./route-trace.ts");
      await untilInterrupted((signal) => runRouteTrace(name, options, signal));
    });
}

function addTest(route: Command): void {
  route
    .command("test")
    .description("run a route of a file on given values, without a hub, and tell each step")
    .argument("<file>", "a site file, or a routes.yaml")
    .argument("<route>", "the route's name")
    .requiredOption("--input <value...>", "a value, value@time, or output=value@time; may be repeated")
    .option("--for <time>", "go on so long after the last value (default 10s)", durationArgument)
    .option("--json", "for programs: a line a step")
    .option("--no-color", "no colours")
    .addHelpText(
      "after",
      `${example(
        "interactor route test site.yaml knob-to-front --input 0 --input 512@20ms",
        "interactor route test routes.yaml lamp --input demo/sim/motion=on demo/sim/motion=off@2s --for 1m",
      )}
A value is on, off, a number, JSON or a text. Its time counts from the beginning (default: that of the one before).
The clock is the command's own: an hour takes no time. Exit code 1 when a step failed.`,
    )
    .action(async (file, name, options) => {
      const { runRouteTest } = await import("./route-test.ts");
      await untilInterrupted(() => runRouteTest(file, name, options));
    });
}
