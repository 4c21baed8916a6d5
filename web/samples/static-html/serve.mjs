// Any server of files will do. This one sends the headers that let a model run on several threads.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';

const types = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

const server = createServer(async (request, response) => {
  try {
    const { pathname } = new URL(request.url, 'http://localhost'); // has no '..' left
    const file = new URL(pathname === '/' ? './index.html' : `.${pathname}`, import.meta.url);
    const body = await readFile(file);
    const type = types[extname(file.pathname)] ?? 'application/octet-stream';
    response.writeHead(200, { 'Content-Type': type, ...headers }).end(body);
  } catch {
    response.writeHead(404, headers).end();
  }
});
server.listen(process.argv[2] ?? 8080, 'localhost', () => console.log(`http://localhost:${server.address().port}/`));
