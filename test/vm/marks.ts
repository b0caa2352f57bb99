/** What the lines of a guest begin with. */
export const marks = { passed: "guest: passed", failed: "guest: FAILED", done: "guest: done" } as const;
