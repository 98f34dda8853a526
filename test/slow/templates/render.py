"""Renders templates with jinja2 as transformers sets it up (utils/chat_template_utils.py): JSON in, JSON out."""

import json
import sys
from datetime import datetime

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment


class AssistantTracker(Extension):
    """transformers' {% generation %}, without the tracking."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_written"), [], [], body).set_lineno(line)

    def _written(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def environment(now):
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[AssistantTracker, loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = now.strftime
    return env


def attempt(work):
    try:
        return {"text": work()}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def render(env, source, sets):
    try:
        template = env.from_string(source)
    except Exception as error:
        return [{"error": f"{type(error).__name__}: {error}"} for _ in sets]
    return [attempt(lambda: template.render(**values)) for values in sets]


request = json.load(sys.stdin)
env = environment(datetime(*request["now"]))
json.dump([render(env, source, request["values"]) for source in request["templates"]], sys.stdout)
