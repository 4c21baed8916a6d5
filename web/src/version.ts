/** Set by build.mjs. */
declare const packageVersion: string;

export const version: string = packageVersion;
