"""Options that several commands have."""

import click

for_scripts = click.option("--json", "as_json", is_flag=True, help="For scripts.")
