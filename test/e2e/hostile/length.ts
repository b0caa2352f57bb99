// `npm run test:long` gives each attack its full time and the fuzz its million; `npm test` gives both a short one.

/** Whether this run has the time. */
export const isLong = process.env["TEST_LONG"] === "true";
