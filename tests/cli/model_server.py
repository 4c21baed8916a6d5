#!/usr/bin/env python3
"""A model hub on the loopback, with faults. Usage: model_server.py FOLDER; prints its port, ends with GET /quit or after a minute.

GET /FAULT/owner/repo/resolve/REVISION/FILE and GET /FAULT/api/models/owner/repo/revision/REVISION serve FOLDER/FILE and the names in FOLDER.
GET /log answers with one line per request: path, blank, Range header or "-".
"""
import hashlib
import http.server
import os
import sys
import threading

FOLDER = sys.argv[1]
LOG = []
SEEN = {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=(), announced=None):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if announced is None else announced))
        self.end_headers()
        self.wfile.write(body)
        if announced is not None and announced != len(body):
            self.close_connection = True

    def do_GET(self):
        if self.path == "/log":
            return self.answer(200, "\n".join(LOG).encode())
        if self.path == "/quit":
            self.answer(200, b"bye")
            os._exit(0)
        asked = self.headers.get("Range")
        LOG.append(f"{self.path} {asked or '-'}")
        turn = SEEN[self.path] = SEEN.get(self.path, 0) + 1
        fault, rest = self.path.split("?")[0].lstrip("/").split("/", 1)
        if rest.startswith("api/"):
            return self.answer_api(fault)
        self.answer_file(fault, rest, rest.rsplit("/", 1)[-1], asked, turn)

    def answer_api(self, fault):
        if fault == "bad-listing":
            return self.answer(200, b'{"siblings": [{"rfilename": 3}]}')
        names = sorted(os.listdir(FOLDER)) + (["../escape.gguf", ".hidden.gguf"] if fault == "escape" else [])
        rows = ", ".join(f'{{"rfilename": "{name}"}}' for name in names)
        self.answer(200, f'{{"siblings": [{rows}]}}'.encode(), [("Content-Type", "application/json")])

    def answer_file(self, fault, rest, name, asked, turn):
        path = os.path.join(FOLDER, name)
        if fault == "forbidden":
            return self.answer(403, b"no")
        if fault == "broken":
            return self.answer(500, b"oh")
        if fault == "missing" or not os.path.isfile(path):
            return self.answer(404, b"<html>no such page</html>", [("Content-Type", "text/html")])
        if fault == "html":
            return self.answer(200, b"<html>please log in</html>", [("Content-Type", "text/html; charset=utf-8")])
        if fault == "html-as-bytes":
            return self.answer(200, b"\n <!DOCTYPE html><html>x</html>", [("Content-Type", "application/octet-stream")])
        if fault == "empty":
            return self.answer(200)
        with open(path, "rb") as file:
            body = file.read()
        digest = hashlib.sha256(body).hexdigest()
        if fault in ("redirect", "redirect-wrong-hash"):
            hashed = digest if fault == "redirect" else "0" * 64
            return self.answer(302, b"moved", [("Location", f"/ok/{rest}"), ("X-Linked-ETag", f'"{hashed}"')])
        if fault == "loop":
            return self.answer(302, b"", [("Location", self.path)])
        if fault == "flipped":
            body = bytes([body[0] ^ 1]) + body[1:]
        if fault == "longer":
            body += b"?"
        tag = f'"{digest}"'
        if fault == "changing":
            tag = f'"version {turn}"'
        headers = [("Content-Type", "application/octet-stream")] + ([] if fault == "no-tag" else [("ETag", tag)])
        same = self.headers.get("If-Range", tag) == tag
        if asked and same and fault != "no-range":
            first = int(asked.removeprefix("bytes=").removesuffix("-"))
            if first >= len(body):
                return self.answer(416, b"", [("Content-Range", f"bytes */{len(body)}")])
            if fault == "wrong-range":
                return self.answer(206, body[1:], headers + [("Content-Range", f"bytes 1-{len(body) - 1}/{len(body)}")])
            if fault == "no-content-range":
                return self.answer(206, body[first:], headers)
            return self.answer(206, body[first:], headers + [("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")])
        if turn == 1 and fault != "ok":
            # Every fault that is about going on begins with a connection that breaks half-way.
            if fault in ("break", "no-range", "wrong-range", "no-content-range", "changing", "no-tag"):
                return self.answer(200, body[: len(body) // 2], headers, announced=len(body))
        self.answer(200, body, headers)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Timer(60, lambda: os._exit(3)).start()
print(server.server_address[1], flush=True)
server.serve_forever()
