/** Times as people write them in settings: `250ms`, `3s`, `1.5m`. Apart from expressions, whose weight most do not need. */
export { parseDuration } from "../kernel/duration.ts";
export { durationMax } from "../wire/limits.ts";
