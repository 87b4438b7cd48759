#!/bin/sh
# Serves one page with what every Python has; what it needs, it asks for at the start. Any other program that listens on $PORT would do.
exec python3 -c '
import http.server, os, signal, sys

text = "{MESSAGE} ({DYNO})\n".format(**os.environ).encode()

class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer((os.environ.get("HOST", ""), int(os.environ["PORT"])), Page).serve_forever()
'
