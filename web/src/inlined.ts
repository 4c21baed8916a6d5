/** Filled by build.mjs with what it has built before. */
declare const inlinedWorker: string, inlinedGlue: string, inlinedWasm: string;

export const workerSource: string = inlinedWorker;
export const glueSource: string = inlinedGlue;
/** gzip in base64. */
export const wasmText: string = inlinedWasm;
