"""Mutations of files of any kind, and of text files."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import numpy as np

from mutated.trial import ANY, REFUSED, SAME, NotApplicableError, Trial, kind, write

Rng = np.random.Generator

#: Inputs that are files, and those of them that are read from beginning to end.
FILES = (
    "vector", "table", "points", "provinces", "area", "product", "raster", "model", "card",
    "state", "verdicts", "yaml", "metrics",
)  # fmt: skip
WHOLE = ("vector", "table", "points", "provinces", "area", "model", "card", "metrics", "yaml")
#: Ends of names of text files.
TEXT = (".geojson", ".csv", ".kml", ".json", ".yaml")


def _one(trial: Trial, role: str, rng: Rng) -> Path:
    """Choose one file of an input."""
    files = trial.files(role)
    return files[int(rng.integers(len(files)))]


@kind(*FILES)
def _truncated(trial: Trial, role: str, rng: Rng) -> str:
    path = _one(trial, role, rng)
    data = path.read_bytes()
    n = int(rng.integers(len(data)))
    write(path, data[:n])
    return f"{path.name} at byte {n} of {len(data)}"


@kind(*FILES)
def _byte_flipped(trial: Trial, role: str, rng: Rng) -> str:
    path = _one(trial, role, rng)
    data = bytearray(path.read_bytes())
    at, bit = int(rng.integers(len(data))), int(rng.integers(8))
    data[at] ^= 1 << bit
    write(path, bytes(data))
    return f"{path.name}, bit {bit} of byte {at}"


@kind(*FILES)
def _block_overwritten(trial: Trial, role: str, rng: Rng) -> str:
    path = _one(trial, role, rng)
    data = bytearray(path.read_bytes())
    at = int(rng.integers(len(data)))
    data[at : at + 64] = rng.bytes(len(data[at : at + 64]))
    write(path, bytes(data))
    return f"{path.name}, 64 bytes at {at}"


@kind(*WHOLE, expected=REFUSED)
def _emptied(trial: Trial, role: str, rng: Rng) -> str:
    path = _one(trial, role, rng)
    write(path, b"")
    return path.name


@kind("product", "raster", "state", "verdicts")
def _one_file_emptied(trial: Trial, role: str, rng: Rng) -> str:
    path = _one(trial, role, rng)
    write(path, b"")
    return path.name


@kind("product", "raster", "state")
def _one_file_missing(trial: Trial, role: str, rng: Rng) -> str:
    path = _one(trial, role, rng)
    path.unlink()
    return path.name


@kind(*WHOLE, expected=REFUSED)
def _missing(trial: Trial, role: str, rng: Rng) -> str:
    trial.path(role).unlink()
    return trial.roles[role]


@kind(*WHOLE, expected=REFUSED)
def _a_directory_instead(trial: Trial, role: str, rng: Rng) -> str:
    trial.path(role).unlink()
    trial.path(role).mkdir()
    return trial.roles[role]


@kind(*FILES)
def _one_file_is_a_directory(trial: Trial, role: str, rng: Rng) -> str:
    path = _one(trial, role, rng)
    path.unlink()
    path.mkdir()
    return path.name


@kind(*WHOLE, expected=REFUSED)
def _a_dangling_link(trial: Trial, role: str, rng: Rng) -> str:
    trial.path(role).unlink()
    trial.path(role).symlink_to("nowhere")
    return trial.roles[role]


@kind(*FILES)
def _one_file_is_a_dangling_link(trial: Trial, role: str, rng: Rng) -> str:
    path = _one(trial, role, rng)
    path.unlink()
    path.symlink_to("nowhere")
    return path.name


@kind(*FILES, expected=SAME)
def _a_link_to_the_file(trial: Trial, role: str, rng: Rng) -> str:
    path = _one(trial, role, rng)
    there = trial.folder / "elsewhere"
    there.mkdir()
    path.rename(there / path.name)
    path.symlink_to(there / path.name)
    return path.name


@kind(*FILES)
def _no_permission_to_read(trial: Trial, role: str, rng: Rng) -> str:
    path = _one(trial, role, rng)
    write(path, path.read_bytes())
    path.chmod(0)
    return path.name + (" (the superuser reads it nevertheless)" if os.geteuid() == 0 else "")


@kind("vector", "table", "points", "area")
def _wrong_extension(trial: Trial, role: str, rng: Rng) -> str:
    others = (".geojson", ".gpkg", ".shp", ".kml", ".csv", ".txt", ".xlsx", "", ".GEOJSON")
    end = str(rng.choice([one for one in others if one != trial.path(role).suffix]))
    trial.rename(role, trial.path(role).stem + end)
    return end or "none"


@kind("vector", "points", "area", "product", "table", expected=SAME)
def _an_odd_name(trial: Trial, role: str, rng: Rng) -> str:
    odd = (
        "my mines (new), 2019", "mines [v2]", "mines#1", "mines%20a", "étangs d'or", "矿山",
        "a=b",
        "two  blanks", "mines&co", 'the "best"', "a;b", "a:b", "x" * 200, "{mines}", "a~b",
        "a.b.c", "mines@2", "a$HOME", "a\\b", "a*b?",
    )  # fmt: skip
    path = trial.path(role)
    trial.rename(role, str(rng.choice(odd)) + (path.suffix if path.is_file() else ""))
    return trial.roles[role]


@kind("vector", "points", "area", expected=REFUSED)
def _a_name_with_an_exclamation_mark(trial: Trial, role: str, rng: Rng) -> str:
    trial.rename(role, f"a!b{trial.path(role).suffix}")
    return trial.roles[role]


@kind(*FILES)
def _zeros_appended(trial: Trial, role: str, rng: Rng) -> str:
    path = _one(trial, role, rng)
    write(path, path.read_bytes() + bytes(4096))
    return path.name


@kind(*WHOLE, expected=REFUSED)
def _random_bytes(trial: Trial, role: str, rng: Rng) -> str:
    write(trial.path(role), rng.bytes(int(rng.integers(1, 3000))))
    return trial.roles[role]


@kind(*WHOLE, expected=REFUSED)
def _an_error_page_of_a_server(trial: Trial, role: str, rng: Rng) -> str:
    write(trial.path(role), "<!DOCTYPE html>\n<html><body>403 Forbidden</body></html>\n")
    return trial.roles[role]


@kind(*FILES)
def _a_pointer_of_git_lfs(trial: Trial, role: str, rng: Rng) -> str:
    path = _one(trial, role, rng)
    write(path, f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 9\n")
    return path.name


@kind(*FILES)
def _compressed_with_the_same_name(trial: Trial, role: str, rng: Rng) -> str:
    path = _one(trial, role, rng)
    write(path, gzip.compress(path.read_bytes()))
    return path.name


@kind(*FILES)
def _contents_twice(trial: Trial, role: str, rng: Rng) -> str:
    path = _one(trial, role, rng)
    write(path, path.read_bytes() * 2)
    return path.name


@kind("vector", "points", "table", "area", suffixes=TEXT, expected=SAME)
def _a_byte_order_mark(trial: Trial, role: str, rng: Rng) -> str:
    write(trial.path(role), b"\xef\xbb\xbf" + trial.path(role).read_bytes())
    return trial.roles[role]


@kind(*FILES, suffixes=TEXT, expected=SAME)
def _windows_line_ends(trial: Trial, role: str, rng: Rng) -> str:
    path = trial.path(role)
    write(path, path.read_bytes().replace(b"\n", b"\r\n"))
    return path.name


@kind("vector", "points", "table", suffixes=(".csv",))
def _old_macintosh_line_ends(trial: Trial, role: str, rng: Rng) -> str:
    path = trial.path(role)
    write(path, path.read_bytes().replace(b"\n", b"\r"))
    return path.name


@kind(*FILES, suffixes=TEXT)
def _utf_16(trial: Trial, role: str, rng: Rng) -> str:
    path = trial.path(role)
    write(path, path.read_text(encoding="utf-8").encode("utf-16"))
    return path.name


@kind(*FILES, suffixes=TEXT)
def _windows_encoding(trial: Trial, role: str, rng: Rng) -> str:
    path = trial.path(role)
    text = path.read_text(encoding="utf-8")
    write(path, text.replace("mine", "mîné").encode("cp1252", errors="replace"))
    return path.name


@kind(*FILES, suffixes=TEXT, expected=SAME)
def _blank_lines_at_the_end(trial: Trial, role: str, rng: Rng) -> str:
    path = trial.path(role)
    write(path, path.read_bytes() + b"\n\n\n")
    return path.name


@kind(*FILES, suffixes=TEXT)
def _a_nul_in_the_text(trial: Trial, role: str, rng: Rng) -> str:
    path = trial.path(role)
    data = path.read_bytes()
    at = int(rng.integers(len(data)))
    write(path, data[:at] + b"\0" + data[at:])
    return f"{path.name} at byte {at}"


@kind("card", "metrics", "verdicts", suffixes=(".json", ".geojson"), expected=ANY)
def _a_json_value_of_another_type(trial: Trial, role: str, rng: Rng) -> str:
    path = trial.path(role)
    tree = json.loads(path.read_text(encoding="utf-8"))
    holder, key = _leaf(tree, rng)
    values: list[object] = [None, -1, 0, 1e308, "text", [], {}, True, "", "2019", np.nan]
    value = values[int(rng.integers(len(values)))]
    found, holder[key] = holder[key], value
    write(path, json.dumps(tree))
    return f"{path.name}: {key}: {str(found)[:40]} -> {value!r}"


@kind("card", "metrics", "verdicts", suffixes=(".json", ".geojson"))
def _a_json_key_missing(trial: Trial, role: str, rng: Rng) -> str:
    path = trial.path(role)
    tree = json.loads(path.read_text(encoding="utf-8"))
    holder, key = _leaf(tree, rng)
    del holder[key]
    write(path, json.dumps(tree))
    return f"{path.name}: {key}"


def _leaf(tree: dict[object, object], rng: Rng) -> tuple[dict[object, object], object]:
    """Choose a key of a tree, at any depth, and what holds it."""
    holder: dict[object, object] = tree
    if not tree:
        raise NotApplicableError
    while True:
        key = list(holder)[int(rng.integers(len(holder)))]
        below = holder[key]
        if isinstance(below, list) and below and isinstance(below[0], dict):
            below = below[int(rng.integers(len(below)))]
        if not isinstance(below, dict) or not below or rng.random() < 0.2:
            return holder, key
        holder = below
