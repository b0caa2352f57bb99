/**
 * When this program was packed, in milliseconds since 1970: never what a file's time says, which a copy, or a Pi without a
 * clock, makes of it. The build puts it there; a program that runs from its sources knows nothing of it.
 */
export const builtAt = Number(process.env["INTERACTOR_BUILT_AT"] ?? 0);
