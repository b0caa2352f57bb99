/** Of the agent and its built-in modules. The release build checks that it is package.json's. */
export const version = "0.1.0";
