"""doc/openapi.yaml as tests use it: its operations, and validators for what they answer.

The schemas keep to the words that JSON Schema has had since draft 7, so that fastjsonschema can compile
them: a rig validates thousands of answers a second.
"""

import re

import fastjsonschema
import yaml

from usherd import TOP

PATH = TOP / "doc" / "openapi.yaml"
METHODS = ("get", "put", "post", "delete", "patch", "options")
PROBLEM = "application/problem+json"
FORMATS = {"uuid": ".", "idn-email": "."}  # unknown to fastjsonschema; patterns say the same


def load():
    return yaml.load(PATH.read_bytes(), yaml.CSafeLoader)


def media_type(content_type):
    return content_type.split(";")[0].strip().lower()


class Operation:
    """One method of one path."""

    def __init__(self, method, path, item, document):
        own = item[method]
        self.method, self.path, self.own = method.upper(), path, own
        self.id = own["operationId"]
        parameters = item.get("parameters", []) + own.get("parameters", [])
        self.parameters = [document.resolve(parameter) for parameter in parameters]
        servers = own.get("servers", item.get("servers", document.root["servers"]))
        self.listeners = [name for server in servers for name in server["variables"]]
        self.security = own.get("security", document.root["security"])
        self.bodies = own.get("requestBody", {}).get("content", {})
        self.responses = {int(status): document.resolve(response)
                          for status, response in own["responses"].items()}
        self.pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))

    @property
    def scopes(self):
        """Sets of scopes of which a token must have one; None: no token is asked for."""
        return [set(scheme["token"]) for scheme in self.security if "token" in scheme] or None

    def admits(self, rights):
        """Whether a caller of these scopes (None: nobody knows them) may."""
        return self.scopes is None or any(scopes <= (rights or set()) for scopes in self.scopes)

    @property
    def is_stream(self):
        """Whether it answers without an end."""
        return "text/event-stream" in self.responses.get(200, {}).get("content", {})

    def parameters_in(self, place):
        return [parameter for parameter in self.parameters if parameter["in"] == place]


class Document:
    def __init__(self):
        self.root = load()
        self.operations = [Operation(method, path, item, self) for path, item in self.root["paths"].items()
                           for method in METHODS if method in item]
        self._validators = {}

    def resolve(self, value):
        while isinstance(value, dict) and "$ref" in value:
            value = self.find(value["$ref"])
        return value

    def find(self, reference):
        value = self.root
        for name in reference.removeprefix("#/").split("/"):
            value = value[name.replace("~1", "/").replace("~0", "~")]
        return value

    def validator(self, schema):
        """Compiled once; raises fastjsonschema.JsonSchemaValueException."""
        key = schema.get("$ref", id(schema))
        if key not in self._validators:
            self._validators[key] = fastjsonschema.compile(
                {"$schema": "http://json-schema.org/draft-07/schema#", "allOf": [schema],
                 "components": self.root["components"]}, use_default=False, formats=FORMATS)
        return self._validators[key]
