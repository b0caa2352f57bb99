/** Expressions for modules whose settings have some. Apart from the rest: most modules need none, nor their weight. */
export { type Compile, compilerFor } from "../routing/expression.ts";
export { parseDuration } from "../kernel/duration.ts";
export { nearest } from "../kernel/nearest.ts";
export { durationMax, expressionLengthMax } from "../wire/limits.ts";
