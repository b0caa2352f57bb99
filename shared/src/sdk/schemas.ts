/**
 * What settings are described with: zod's small half, `import * as z from "@interactor/shared/sdk/schemas"`. By this form a
 * bundle has the parts that a module uses: all of it takes 5 MB of memory in every thread and process that runs a module.
 */
export * from "zod/mini";
