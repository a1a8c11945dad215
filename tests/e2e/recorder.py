"""Stands between the browser and the site and keeps every answer as it went over the wire."""

import http.client
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Answer:
    path: str
    status: int
    text: str


@dataclass
class Recorder:
    """`url` is where the browser goes; `answers` grows, static files left out."""

    site_port: int
    answers: list[Answer] = field(default_factory=list)

    def __post_init__(self) -> None:
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {
                    name: value
                    for name, value in self.headers.items()
                    if name.lower() not in {"connection", "accept-encoding"}
                }
                link = http.client.HTTPConnection("127.0.0.1", recorder.site_port, timeout=60)
                link.request(self.command, self.path, body, headers)
                answer = link.getresponse()
                content = answer.read()
                link.close()
                if not self.path.startswith("/static/"):
                    recorder.answers.append(
                        Answer(
                            self.path,
                            answer.status,
                            f"{answer.getheaders()}\n{content.decode('utf-8', 'replace')}",
                        )
                    )
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in {"connection", "transfer-encoding", "content-length"}:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = pass_on

            def log_message(self, format: str, *args: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
