"""config.toml: read, and checked key by key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Mapping, Tuple

try:
    from tomllib import loads
except ImportError:
    from plain_toml import loads


class ConfigError(Exception):
    """A sentence for the operator."""


@dataclass(frozen=True)
class Config:
    voice_host: str
    voice_port: int
    max_concurrent_calls: int
    #: Folder of the models; empty for none.
    models: str
    dashboard_host: str
    dashboard_port: int
    #: Ports of the bridges that the dashboard watches.
    bridges: Tuple[int, ...]


_KEYS: Mapping[str, Any] = {
    "voice.bridge.host": "127.0.0.1",
    "voice.bridge.port": 9998,
    "voice.bridge.max_concurrent_calls": 8,
    "voice.moshi.models": "",
    "dashboard.host": "127.0.0.1",
    "dashboard.port": 9999,
    "dashboard.bridges": [9998],
}


def read_config(file: Path) -> Config:
    """@raises ConfigError"""
    try:
        given = _flat(loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"{file} is not valid TOML: {error}") from None
    for key, value in given.items():
        if key not in _KEYS:
            raise ConfigError(f"{file}: there is no setting {key}; there are {', '.join(_KEYS)}")
        if type(value) is not type(_KEYS[key]):
            raise ConfigError(f"{file}: {key} must be like {_KEYS[key]!r}, and is {value!r}")
    values = {**_KEYS, **given}
    config = Config(*(tuple(value) if isinstance(value, list) else value for value in values.values()))
    if config.max_concurrent_calls < 1:
        raise ConfigError(f"{file}: voice.bridge.max_concurrent_calls must be 1 or more")
    if config.models and not Path(config.models).is_dir():
        raise ConfigError(f"{file}: voice.moshi.models: there is no folder {config.models}")
    return config


def _flat(table: Mapping[str, Any], above: str = "") -> Dict[str, Any]:
    flat: Dict[str, Any] = {}
    for key, value in table.items():
        flat.update(_flat(value, f"{above}{key}.") if isinstance(value, dict) else {above + key: value})
    return flat


def port_from(environment: Mapping[str, str], otherwise: int) -> int:
    """PORT beats config.toml: instances share one config.toml, and each needs a port of its own. @raises ConfigError"""
    text = environment.get("PORT", str(otherwise))
    if text.isascii() and text.isdigit() and int(text) <= 65535:
        return int(text)
    raise ConfigError("PORT must be a number from 0 to 65535")
