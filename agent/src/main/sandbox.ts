/** A process in a sandbox: the bundle of a module, and our side of its pipe. */
import { invariant } from "@interactor/shared/kernel/assert";
import { newSteering, systemClock } from "../adapters/clock-system.ts";
import { runInside } from "../adapters/module-host-sandbox/inside.ts";

const [, , bundle] = process.argv;
invariant(bundle !== undefined, "a sandbox has a bundle");
runInside({ bundle, clock: systemClock(newSteering()) });
