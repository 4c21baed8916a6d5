/** Scripts that have no address of this origin. */

export const scriptBlob = (source: string): Blob => new Blob([source], { type: 'text/javascript' });

/** A script of another origin cannot be a worker, but a worker can import it. */
export const importing = (url: string): string => `import ${JSON.stringify(url)};`;
