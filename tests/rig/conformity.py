"""Whether an answer is one that doc/openapi.yaml promises for its request."""

import gzip
import json
import re
import urllib.parse
import zlib

import fastjsonschema

from ledger import PASSWORD_MARK
from openapi import PROBLEM, media_type

# What the HTTP front may answer before anybody looks at the path, and the part of the document that says so.
REFUSALS = {400: "Malformed", 408: "Slow", 411: "NoLength", 413: "TooLarge", 415: "WrongType",
            417: "NoExpectation", 421: "WrongHost", 431: "HeaderTooLarge"}


class Duplicate(ValueError):
    """A member twice in an answer of ours."""


def _object(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Duplicate("a member twice")
    return members


class Conformity:
    def __init__(self, document):
        self.document = document

    def find(self, listener, method, target):
        """(operation or None, methods of the path): what a request is for, by its bytes."""
        path = urllib.parse.unquote_to_bytes(target.split("?")[0]).decode("utf-8", "replace")
        fits = [operation for operation in self.document.operations
                if listener in operation.listeners and operation.pattern.fullmatch(path)]
        method = "GET" if method == "HEAD" else method
        methods = {operation.method for operation in fits}
        return (next((operation for operation in fits if operation.method == method), None),
                methods | ({"HEAD"} if "GET" in methods else set()))

    def check(self, request, answer):
        """Every complaint about it, as text."""
        operation, methods = self.find(request.listener, request.method, request.target)
        complaints = list(self._check_rights(request, operation, answer.status))
        if answer.status >= 500 and answer.status != 503:
            complaints.append(f"a {answer.status}")
        response = self._response(operation, methods, answer, complaints)
        if response is not None:
            complaints += self._check_response(response, answer, request.method == "HEAD")
        complaints += self._check_common(answer)
        for secret in (*request.secrets, PASSWORD_MARK):
            if secret.encode() in answer.body or secret in str(answer.headers):
                complaints.append("the answer repeats a secret of the request")
        return complaints

    @staticmethod
    def _check_rights(request, operation, status):
        if operation is None or operation.scopes is None or status in REFUSALS and status != 415:
            return
        wanted = 401 if request.rights is None else 403
        if wanted == 401 and status == 429:
            return  # many wrong tokens one after another
        if not operation.admits(request.rights):
            if status != wanted:
                yield f"{status} instead of {wanted} to {request.role}"

    def _component(self, name):
        return self.document.root["components"]["responses"][name]

    def _response(self, operation, methods, answer, complaints):
        if operation is not None:
            if answer.status not in operation.responses:
                complaints.append(f"{operation.id} does not declare {answer.status}")
            return operation.responses.get(answer.status)
        if methods and answer.status == 405:
            allow = set(answer.headers.get("allow", "").split(", "))
            if allow != methods:
                complaints.append(f"Allow says {allow}, there are {methods}")
            return self._component("WrongMethod")
        if not methods and answer.status == 404:
            return self._component("NotFound")
        if answer.status not in REFUSALS:
            complaints.append(f"{answer.status} where nothing is")
            return None
        return self._component(REFUSALS[answer.status])

    def _check_response(self, response, answer, is_head):
        for name, header in response.get("headers", {}).items():
            yield from self._check_header(name, self.document.resolve(header), answer)
        content = response.get("content")
        if not content:
            if answer.body or "content-type" in answer.headers:
                yield "a body that is not declared"
            return
        kind = media_type(answer.headers.get("content-type", ""))
        if kind not in content:
            yield f"media type {kind!r} is not declared"
        elif is_head:
            if "content-length" not in answer.headers:
                yield "no length for HEAD"
        elif kind.endswith("json"):
            yield from self._check_json(kind, content[kind]["schema"], answer)
        else:
            yield from self._check_text(kind, answer)

    def _check_header(self, name, header, answer):
        value = answer.headers.get(name.lower())
        if value is None:
            if header.get("required"):
                yield f"no {name}"
        elif not re.search(header["schema"].get("pattern", ""), value):
            yield f"{name}: {value}"

    def _check_json(self, kind, schema, answer):
        try:
            value = json.loads(answer.body, object_pairs_hook=_object)
            self.document.validator(schema)(value)
        except ValueError as error:
            yield f"{kind}: {str(error)[:300]}"
        except fastjsonschema.JsonSchemaException as error:
            yield f"{kind}: {error.message[:300]}"
        else:
            if kind == PROBLEM:
                yield from self._check_problem(value, answer)

    @staticmethod
    def _check_problem(value, answer):
        if value["status"] != answer.status:
            yield f"the problem says {value['status']}"
        if value.get("request_id") != answer.headers.get("x-request-id"):
            yield "request_id is not X-Request-Id"
        if "request_id" not in value and not (answer.status in REFUSALS and answer.is_last):
            yield "no request_id"

    @staticmethod
    def _check_text(kind, answer):
        is_zipped = answer.headers.get("content-encoding") == "gzip"
        try:
            text = (gzip.decompress(answer.body) if is_zipped else answer.body).decode()
        except (OSError, EOFError, zlib.error):
            yield f"{kind} that is not gzip"
            return
        except UnicodeDecodeError:
            yield f"{kind} that is not UTF-8"
            return
        if kind == "text/html" and not re.fullmatch(r"(?is)\s*<!doctype html>.*</html>\s*", text):
            yield "half a page"

    @staticmethod
    def _check_common(answer):
        if answer.headers.get("x-content-type-options") != "nosniff":
            yield "no X-Content-Type-Options"
        if "cache-control" not in answer.headers:
            yield "no Cache-Control"

    def check_raw(self, answer):
        """An answer to bytes of which nobody can say what they ask for."""
        complaints = list(self._check_common(answer))
        if answer.status >= 500 and answer.status != 503:
            complaints.append(f"a {answer.status}")
        if media_type(answer.headers.get("content-type", "")) == PROBLEM and answer.body:
            schema = self._component("Malformed")["content"][PROBLEM]["schema"]
            complaints += self._check_json(PROBLEM, schema, answer)
        return complaints
