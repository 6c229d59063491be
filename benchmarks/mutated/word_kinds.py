"""Mutations of what is typed: overrides, areas, options; of yaml files; of request bodies."""

from __future__ import annotations

import glob
import re

import numpy as np

from mutated.trial import REFUSED, SAME, Trial, kind, write

Rng = np.random.Generator

OVERRIDES = (
    "folds.n=abc", "folds.n=-1", "folds.n=0", "folds.n=1", "folds.n=1e308", "folds.n=nan",
    "folds.n=inf", "folds.n=", "folds.n=null", "folds.n=[3]", "folds.n={a:3}", "folds.n=3.5",
    "folds.n=true", "folds.n='3'", "folds.n==3", "=3", "folds.n", "", " ", "folds.n=3,4",
    "fold.n=3", "folds.m=3", "folds=3", "folds=null", "folds.n=${nope}", "folds.n=${seed}",
    "folds.n=${oc.env:HOME}", "+folds.k=3", "+folds.n=3", "~folds.n", "~folds", "~folds.k",
    "++folds.n=4", "model=forrest", "model=", "model=null", "model=[forest,linear]",
    "modell=forest",
    "model=../config", "model=forest.yaml", "model@x=forest", "/model=forest",
    "override model=forest",
    "model.n_estimators=abc", "model.n_estimators=-5", "model.n_estimators=0",
    "model.n_estimators=1e9", "model.learning_rate=nan", "model.learning_rate=-1",
    "model.learning_rate=high", "model._target_=os.system", "model._target_=",
    "model._target_=minecover.learning.models.boosted.bosted", "model.seed=-1", "seed=-1",
    "seed=abc",
    "seed=1.5", "seed=99999999999999999999", "seed=null", "features=[]", "features=spectral",
    "features=[spectral,spectral]", "features=[nope]", "features=null", "features=[1]",
    "mask=nope", "mask=null", "mask=[strict]", "mask=1", "masks=[none]", "masks=none",
    "labels=files", "labels=files labels.input=x", "labels.ignore_ring_m=-1",
    "labels.ignore_ring_m=wide", "labels.ignore_ring_m=1e6", "design=pixel",
    "design.threshold=2", "design.threshold=-0.1", "design.threshold=best",
    "design.threshold=nan",
    "design.calibration=magic", "design.recipe.negatives_per_positive=0",
    "design.recipe.negatives_per_positive=-1", "design.recipe.bags=0", "aggregation=sum",
    "metrics.bootstrap.level=95", "metrics.bootstrap.level=0", "metrics.bootstrap.replicates=0",
    "metrics.objects.min_area_m2=0", "metrics.objects.tolerance_m=-1",
    "metrics.prevalences=[2]",
    "metrics.prevalences=[]", "metrics.prevalences=0.1", "metrics.prevalences=[a]",
    "world.n_sites=0", "world.n_sites=-3", "world.n_dates=0", "world.n_sites=many",
    "source=landsat", "source.level=3", "source.bands=[]", "source.bands=[X]",
    "source.max_failed_fraction=2", "sites.group_within_m=-1", "sites.group_within_m=far",
    "sites.layouts.mines.size_px=0", "sites.layouts.mines.halo_px=-1", "sites.layouts={}",
    "tracking.registered_name=a/b", "tracking.registered_name=", "tracking.folder=/nowhere/x",
    "tracking.experiment=", "paths.real_data=", "network.at_once=0", "network.tries=-1",
    "report.tops=[]", "report.tops=[0]", "report.checks_a_week=-1", "folds.gate=maybe",
    "folds.buffer_m=-1", "folds.buffer_m=nan", "promotion.score=beauty",
    "promotion.tolerated=-1",
    "context.planes=null", "table=[bands]", "table=null", "hydra.run.dir=x", "sweep=quick",
    "experiment=nope", "experiment=null", "folds.n=3 # three", "folds.n: 3", "--folds.n=3",
    "folds.n=３", "folds.n=0x10", "folds.n=1_000", "folds.ｎ=3", "folds.n=3\n", "{", "[",
    "a" * 9000,
    "folds.n=" + "9" * 5000, "folds.n='", 'folds.n="', "folds.n=$(ls)", "folds.n=\\", "\0x=1",
)  # fmt: skip
BOXES = (
    "", " ", ",", ",,,", "1,2,3", "1,2,3,4,5", "a,b,c,d", "27.9;-4.2;28;-4.1",
    "27.9 -4.2 28 -4.1",
    "28,-4.1,27.9,-4.2", "27.9,-4.1,28,-4.2", "27.9,-4.2,27.9,-4.1", "27.9,-4.2,28,-4.2",
    "nan,-4.2,28,-4.1", "27.9,-4.2,inf,-4.1", "-1e308,-4.2,1e308,-4.1", "-180,-90,180,90",
    "27.9,-91,28,-4.1", "207.9,-4.2,208,-4.1", "179,-4.2,-179,-4.1", "-4.2,27.9,-4.1,28",
    "700000,9500000,710000,9510000", "27,9,-4,2,28,0,-4,1", "27.9°,-4.2°,28°,-4.1°",
    "27.9E,4.2S,28E,4.1S", "(27.9,-4.2,28,-4.1)", "27.9,\u22124.2,28,\u22124.1",
    "27.9,-4.2,28,",
    "0,0,0,0", "27.9,-4.2,27.90000001,-4.19999999", "nowhere.geojson", ".", "in", "-", "--",
    "-4",
    "10,10,10.1,10.1", "27.9,-4.2,28,-4.1,", "http://example.org/a.geojson",
    "/vsimem/a.geojson",
)  # fmt: skip
NUMBERS = (
    "0", "-1", "abc", "", "nan", "inf", "1e308", "1.5", "99999999999", "1", "2", "7", " 3",
    "３", "1,5", "0x10", "None", "1024",
)  # fmt: skip
BODIES = {
    "text/csv": (
        "", "\n", "a,b\n1,2\n", "{h}\n", "{h}\n{r}", "{h}\n{r}\n{r},1\n", "{h},{h}\n{r},{r}\n",
        "\ufeff{h}\r\n{r}\r\n", "{h}\n" + "x," * 9 + "\n", "{r}\n{r}\n", "{h}\n\n{r}\n",
        "{h};{r}",
        '"{h}\n{r}\n', "{h}\n\0\n", "{h}\n1e400\n", "{h}\n1;5\n", "{h}\n# note\n",
        "{h}\ntrue\n",
        "{h}\n0x1F\n", "{h}\n1 2\n", "{h}\n-\n", "{h}\ninf\n", "{h}\nNone\n", "{h}\n1,\n",
        "\n{h}\n{r}",
    ),
    "application/json": (
        "", "{{", "[]", "null", "5", '{{"dataframe_split": 5}}', '{{"inputs": {{}}}}',
        '{{"dataframe_records": []}}', '{{"dataframe_records": [{{}}]}}',
        '{{"dataframe_records": [1]}}',
        '{{"dataframe_split": {{"columns": ["{h}"], "data": [[1e400]]}}}}',
        '{{"dataframe_split": {{"columns": ["{h}"], "data": [[null], [true], ["1"]]}}}}',
        '{{"dataframe_split": {{"columns": ["{h}", "{h}"], "data": [[1, 2]]}}}}',
        '{{"dataframe_split": {{"columns": [], "data": []}}}}',
        '{{"dataframe_split": {{"columns": [["{h}"]], "data": [[1]]}}}}',
        '{{"dataframe_split": {{"columns": ["{h}"], "data": [1, 2]}}}}',
        '{{"inputs": {{"{h}": 5}}}}', '{{"inputs": {{"{h}": [1, [2]]}}}}',
        '{{"inputs": {{"{h}": []}}}}',
        '{{"instances": [[1]]}}', '{{"inputs": {{"{h}": [1]}}, "dataframe_split": 1}}',
        '{{"inputs": {{"{h}": [1]}}, "params": {{"a": 1}}}}', "[" * 100_000, '{{"a": ' * 5000,
        '{{"inputs": {{"{h}": ["' + "9" * 400 + '"]}}}}',
        '{{"inputs": {{"{h}": [' + "9" * 400 + "]}}}}",
    ),
}  # fmt: skip


@kind("override")
def _another_override(trial: Trial, role: str, rng: Rng) -> str:
    word = str(rng.choice(OVERRIDES))
    trial.words.append(word)
    return word[:60]


@kind("override", expected=SAME)
def _an_override_twice(trial: Trial, role: str, rng: Rng) -> str:
    trial.words.append(trial.words[-1])
    return trial.words[-1]


@kind("override")
def _letters_of_an_override_changed(trial: Trial, role: str, rng: Rng) -> str:
    letters = list(trial.words[-1])
    for _ in range(int(rng.integers(1, 3))):
        at = int(rng.integers(len(letters)))
        letters[at] = str(rng.choice(list("abz09.=,[]{}'\"\\ #~+-/$:é\t")))
    trial.words[-1] = "".join(letters)
    return trial.words[-1]


@kind("override")
def _a_path_with_odd_signs(trial: Trial, role: str, rng: Rng) -> str:
    odd = list("abc 019.,[]{}()'\"\\#~+-/$:éß矿%&;!?*=@|<>`^\t")
    path = "".join(rng.choice(odd, int(rng.integers(1, 16))))
    trial.words.append(f"paths.real_data={path}")
    return path


@kind("box")
def _another_box(trial: Trial, role: str, rng: Rng) -> str:
    at = int(trial.roles[role])
    trial.words[at] = str(rng.choice(BOXES))
    return trial.words[at]


@kind("number")
def _another_number(trial: Trial, role: str, rng: Rng) -> str:
    at = int(trial.roles[role])
    trial.words[at] = str(rng.choice(NUMBERS))
    return f"{trial.words[at - 1]} {trial.words[at]!r}"


@kind("name")
def _another_name(trial: Trial, role: str, rng: Rng) -> str:
    names = (
        "", " ", "nowhere", "models:/", "models:/nope@champion", "models:/minecover/99", "0",
        "-1",
        "models:/minecover@", "champion", "é", "a" * 5000, "in", ".", "..", "/", "*", "%", "'",
        "\0",
        "models:/minecover/-1", "models:/a/b/c", "runs:/0/model", "file:///etc/passwd", "None",
        "nan",
    )  # fmt: skip
    at = int(trial.roles[role])
    trial.words[at] = str(rng.choice(names))
    return f"{trial.words[at - 1]} {trial.words[at][:40]!r}"


@kind("out")
def _another_place_for_results(trial: Trial, role: str, rng: Rng) -> str:
    at, place = int(trial.roles[role]), int(rng.integers(6))
    (trial.folder / "taken").write_text("a file\n")
    (trial.folder / "link").symlink_to("nowhere")
    names = ("taken", "taken/below", "link", "/proc/nowhere", "a b [1] é", "x" * 300)
    old, trial.words[at] = trial.words[at], names[place]
    trial.results = tuple(
        one.replace(f"{old}/", f"{glob.escape(names[place])}/") for one in trial.results
    )
    return names[place][:40]


@kind("box", "number", "name", "override", "out", expected=REFUSED)
def _an_option_that_is_none(trial: Trial, role: str, rng: Rng) -> str:
    trial.words.append(str(rng.choice(["--nope", "--out=", "--json=5", "-x"])))
    return trial.words[-1]


@kind("box", "name", "out", expected=REFUSED)
def _a_word_missing(trial: Trial, role: str, rng: Rng) -> str:
    at = int(trial.roles[role])
    trial.roles[role] = "0"
    return trial.words.pop(at)


@kind("yaml", suffixes=(".yaml",))
def _a_line_of_yaml_changed(trial: Trial, role: str, rng: Rng) -> str:
    path = trial.path(role)
    lines = path.read_text(encoding="utf-8").splitlines()
    real = [n for n, line in enumerate(lines) if line.strip() and "#" not in line]
    at = int(rng.choice(real))
    old = lines[at]
    changes = (
        lambda s: s.replace("  ", "\t", 1) if s.startswith("  ") else "\t" + s,
        lambda s: " " + s,
        lambda s: s.replace(":", "", 1),
        lambda s: f"{s}\n{s}",
        lambda s: re.sub(r": .*", ": null", s),
        lambda s: re.sub(r": .*", ": [1, 2", s),
        lambda s: re.sub(r": .*", ": ${nope}", s),
        lambda s: re.sub(r": .*", ": *nope", s),
        lambda s: re.sub(r": .*", ": text", s),
        lambda s: re.sub(r": .*", ": -1", s),
        lambda s: re.sub(r": .*", ": .nan", s),
        lambda s: re.sub(r"^(\s*\w+)", r"\1x", s),
        lambda s: re.sub(r": .*", ": !!python/object:os.system x", s),
        lambda s: "",
    )
    lines[at] = changes[int(rng.integers(len(changes)))](old)
    write(path, "\n".join(lines) + "\n")
    return f"{path.name}: {old.strip()[:40]!r} -> {lines[at].strip()[:60]!r}"


@kind("body")
def _another_body(trial: Trial, role: str, rng: Rng) -> str:
    path, kind_of = trial.path(role), trial.words[1]
    bodies = BODIES.get(kind_of, ("", "x", "\n"))
    body = str(rng.choice(bodies))
    head, _, rows = path.read_text(encoding="utf-8").partition("\n")
    write(path, body.format(h=head.split(",")[0], r=rows.split("\n")[0].split(",")[0]))
    return body[:60]


@kind("body")
def _bytes_of_the_body_changed(trial: Trial, role: str, rng: Rng) -> str:
    data = bytearray(trial.path(role).read_bytes())
    for _ in range(int(rng.integers(1, 4))):
        data[int(rng.integers(len(data)))] = int(rng.integers(256))
    if rng.random() < 0.3:
        del data[int(rng.integers(len(data))) :]
    write(trial.path(role), bytes(data))
    return f"{len(data)} bytes"


@kind("body")
def _another_content_type(trial: Trial, role: str, rng: Rng) -> str:
    trial.words[1] = str(
        rng.choice(
            ["", "text/plain", "application/json", "text/csv; charset=latin-1", ";", "TEXT/CSV",
             "application/vnd.apache.arrow.stream", "text/csv;charset=UTF-8", "é", "a" * 999]
        )
    )  # fmt: skip
    return trial.words[1][:40]
