"""The hello server for gunicorn."""


def application(environ, start_response):
    environ["wsgi.input"].read()
    body = b"Hello, world"
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8"),
                              ("Content-Length", str(len(body)))])
    return [body]
