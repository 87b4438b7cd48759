#!/bin/sh
# Serves one page with what every Python has. Any other program that listens on $PORT would do.
exec python3 -c '
import http.server, os, signal, sys

class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = "{} ({})\n".format(os.environ["MESSAGE"], os.environ["DYNO"]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer((os.environ.get("HOST", ""), int(os.environ["PORT"])), Page).serve_forever()
'
