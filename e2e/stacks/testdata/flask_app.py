"""An API behind Flask. It reports the objects that it acts on, however it may have read them."""

import logging

from flask import Flask, jsonify, request
from werkzeug.serving import WSGIRequestHandler, make_server

app = Flask(__name__)
logging.getLogger("werkzeug").setLevel(logging.ERROR)


def act(action, kind, *values):
    return jsonify(action=action, objects=[f"{kind}/{v}" for v in values])


def anywhere(name):
    """All that request.values has under a name: the query's first, then the form's."""
    return request.values.getlist(name)


@app.get("/items/<id>")
def read(id):
    return act("read", "item", id, *anywhere("id"))


@app.delete("/items/<id>")
def delete(id):
    return act("delete", "item", id, *anywhere("id"))


@app.post("/items/<id>:cancel")
def cancel(id):
    return act("update", "item", id, *anywhere("id"))


@app.get("/repos/<owner>/<name>")
def repo(owner, name):
    return act("read", "repo", f"{owner}/{name}")


@app.get("/files/<path:path>")
def file(path):
    return act("read", "file", path)


@app.get("/packages/<path:name>")
def package(name):
    return act("read", "package", name)


@app.get("/compare/<base>...<head>")
def compare(base, head):
    return act("read", "item", base, head)


@app.get("/search")
def search():
    return act("read", "item", *anywhere("id"))


@app.get("/batch")
def batch():
    return act("read", "item", *request.args.get("ids", "").split(","))


@app.get("/each")
def each():
    return act("read", "item", *request.args.getlist("id"))


@app.get("/header")
def header():
    return act("read", "item", request.headers.get("X-Item"))


@app.post("/form")
def form():
    return act("update", "item", *anywhere("id"))


def body():
    return request.get_json(force=True)


@app.post("/json")
def json_id():
    return act("update", "item", body()["id"])


@app.post("/deep")
def deep():
    return act("update", "item", body()["item"]["id"])


@app.post("/list")
def listed():
    return act("update", "item", *[one["id"] for one in body()["items"]])


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # connections stay open

    def log_request(self, *args, **kwargs):
        pass


server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
print(f"listening on 127.0.0.1:{server.port}", flush=True)
server.serve_forever()
