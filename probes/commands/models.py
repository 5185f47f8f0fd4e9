"""Models: list those that are always there, fetch them, convert pickles, and say whose code may run."""

import argparse
import time
from typing import Any


def add(commands: Any) -> None:
    """Add `models` with `list`, `fetch`, `convert`, `trust` and `distrust`; alone it lists."""
    about = "list the models that are always there, fetch them, convert pickles, say whose code may run"
    models = commands.add_parser("models", help=about, description=about)
    models.set_defaults(act=_list)
    actions = models.add_subparsers(metavar="ACTION")
    actions.add_parser("list", help="list the models that are always there (the default)")
    fetch = actions.add_parser("fetch", help="fetch models of the catalogue")
    fetch.add_argument("names", nargs="*", metavar="NAME", help="which to fetch; all when none are named")
    fetch.set_defaults(act=_fetch)
    convert = actions.add_parser("convert", help="turn the pickles of a model into safetensors, once and shut in")
    convert.add_argument("name", metavar="REPO_OR_FOLDER", help="a hub id (owner/model), or a folder")
    convert.add_argument("--revision", help="the commit of a hub model; the newest when left out")
    convert.set_defaults(act=_convert)
    trust = actions.add_parser("trust", help="let the code of one repository at one commit run")
    trust.add_argument("repo", nargs="?", metavar="REPO", help="a hub id, or a folder")
    trust.add_argument("commit", nargs="?", metavar="COMMIT", help="all its digits, as the refusal to load named them")
    trust.add_argument("--list", action="store_true", dest="listing", help="list what may run")
    trust.set_defaults(act=_trust, parser=trust)
    distrust = actions.add_parser("distrust", help="take that word back")
    distrust.add_argument("repo", metavar="REPO")
    distrust.add_argument("commit", nargs="?", metavar="COMMIT", help="every commit when left out")
    distrust.set_defaults(act=_distrust)


def _list(_options: argparse.Namespace) -> None:
    from probes.models import catalogue  # on use, here and below: --help must not wait for it

    print(catalogue.table().to_string(index=False))


def _fetch(options: argparse.Namespace) -> None:
    from probes.models import catalogue, fetch

    for name in options.names or catalogue.names():
        print(f"{name}: {fetch.folder_of(name).path}")


def _convert(options: argparse.Namespace) -> None:
    from probes.models import convert

    made = convert.convert(options.name, options.revision)
    print(f"{made.note}\n{made.path}\nIts process gave up: {'; '.join(made.without)}.")


def _trust(options: argparse.Namespace) -> None:
    from probes.models import trust

    if options.commit:
        given = trust.grant(options.repo, options.commit)
        print(f"The code of {given.repo} may run at {given.commit}, and at no other commit.")
    elif options.repo and not options.listing:
        options.parser.error("a commit is wanted too: the refusal to load the model names it")
    else:
        known = [g for g in trust.grants() if options.repo in (None, g.repo)]
        for g in known:
            print(f"{g.repo} {g.commit} since {time.strftime('%Y-%m-%d %H:%M', time.localtime(g.since))}")
        if not known:
            print("No code may run.")


def _distrust(options: argparse.Namespace) -> None:
    from probes.models import trust

    count = trust.revoke(options.repo, options.commit)
    print(f"{count} {'grant' if count == 1 else 'grants'} taken back.")
