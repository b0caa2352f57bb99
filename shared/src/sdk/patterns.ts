/** For modules that match texts by patterns from their settings: none may take for ever. */
export { patternCost } from "../routing/pattern-cost.ts";
