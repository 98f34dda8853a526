"""Schemathesis would ask for models that are not served, mostly: then nothing behind that is tested."""

import random

import schemathesis


@schemathesis.hook
def map_body(context, body):
    if not isinstance(body, dict) or random.random() < 0.1:
        return body
    guidance = body.get("argsearch")
    kept = {name: value for name, value in body.items() if name not in ("model", "logit_bias", "tools", "functions", "audio")}
    if isinstance(guidance, dict) and random.random() < 0.9:
        kept["argsearch"] = {name: value for name, value in guidance.items() if name != "grammar"}
    return kept
