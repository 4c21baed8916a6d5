/** Names of files: in a model's folder, in URLs, in the store. */
import { SottoError } from '../errors.ts';

/** Throws invalid_argument for a name that does not lie below the model's folder. */
export function checkBelow(name: string): void {
  const parts = name.split('/');
  if (/[\\:\0]/.test(name) || parts.some((part) => part === '' || part === '.' || part === '..'))
    throw new SottoError('invalid_argument', `a file of a model must have a name below the model's folder: '${name}'`, {
      where: name,
    });
}

/** Of a path: the folder with its slash, and the last name. */
export function splitPath(path: string): [folder: string, name: string] {
  const end = path.lastIndexOf('/') + 1;
  return [path.slice(0, end), path.slice(end)];
}

export const encodePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

export async function sha256OfText(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Where the store keeps what a URL gives: different addresses may end in the same file name. */
export async function keyOfUrl(url: string): Promise<string> {
  const name = splitPath(url.replace(/[?#].*$/s, ''))[1];
  const characters = [...new TextEncoder().encode(name)].map((byte) => String.fromCharCode(byte));
  const file = characters.map((c) => (/[\w.-]/.test(c) ? c : '_')).join('');
  return `url/${(await sha256OfText(url)).slice(0, 12)}-${/[^.]/.test(file) ? file : 'model'}`;
}
